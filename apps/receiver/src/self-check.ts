/** The watchdog's food: the receiver asks itself over its own socket, and only an answer feeds the dog. */
import { LocalHttpError, requestLocal, type Log, type Systemd } from '@token-relay/daemon';
import { setTimeout as wait } from 'node:timers/promises';

/**
 * Runs until the signal aborts; with no watchdog configured it costs no timer.
 * @param isFull whether all places for applications are taken: then a connection that is closed at once is an answer too,
 * or those who only connect could have the receiver restarted
 */
export async function feedWatchdog(
  apiSocketPath: string,
  watchdog: Systemd['watchdog'],
  log: Log,
  signal: AbortSignal,
  isFull: () => boolean,
): Promise<void> {
  const { intervalMs } = watchdog;
  if (intervalMs === undefined) {
    await aborted(signal);
    return;
  }
  const isStopped = (): boolean => signal.aborted;
  while (!isStopped()) {
    try {
      const question = { method: 'GET', path: '/healthz', timeoutMs: intervalMs, signal } as const;
      const { status } = await requestLocal(apiSocketPath, question);
      if (status === 200) watchdog.pet();
      else log.warn(`The receiver answers itself with HTTP ${status} on ${apiSocketPath}`);
    } catch (error) {
      if (isStopped()) return;
      if (isTurnedAway(error) && isFull()) watchdog.pet();
      else log.warn(`The receiver does not answer itself: ${error instanceof Error ? error.message : String(error)}`);
    }
    // Running time, as systemd counts it: a clock that is set back must not starve the dog.
    await wait(intervalMs, undefined, { signal }).catch(() => undefined);
  }
}

function isTurnedAway(error: unknown): boolean {
  return error instanceof LocalHttpError && error.code === 'bad_answer';
}

function aborted(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve();
    else signal.addEventListener('abort', () => resolve(), { once: true });
  });
}
