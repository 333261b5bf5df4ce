/** The watchdog's food: the receiver asks itself over its own socket, and only an answer feeds the dog. */
import { LocalHttpError, requestLocal, type LocalHttpErrorCode, type Log, type Systemd } from '@token-relay/daemon';
import { setTimeout as wait } from 'node:timers/promises';

/** What else counts as an answer, because a restart would not help. */
export interface Excuses {
  /** All places for applications are taken: a connection is closed at once. Those who only connect could have it restarted. */
  readonly isFull: () => boolean;
  /** Another program has removed the socket: it is made again, or somebody else's to make. */
  readonly isSocketLost: () => boolean;
}

/** Runs until the signal aborts; with no watchdog configured it costs no timer. */
export async function feedWatchdog(
  apiSocketPath: string,
  watchdog: Systemd['watchdog'],
  log: Log,
  signal: AbortSignal,
  { isFull, isSocketLost }: Excuses,
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
      const isExcused = hasCode(error, 'bad_answer')
        ? isFull()
        : hasCode(error, 'daemon_not_running') && isSocketLost();
      if (isExcused) watchdog.pet();
      else log.warn(`The receiver does not answer itself: ${error instanceof Error ? error.message : String(error)}`);
    }
    // Running time, as systemd counts it: a clock that is set back must not starve the dog.
    await wait(intervalMs, undefined, { signal }).catch(() => undefined);
  }
}

function hasCode(error: unknown, code: LocalHttpErrorCode): boolean {
  return error instanceof LocalHttpError && error.code === code;
}

function aborted(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve();
    else signal.addEventListener('abort', () => resolve(), { once: true });
  });
}
