/** The watchdog's food: the receiver asks itself over its own socket, and only an answer feeds the dog. */
import { requestLocal, sleepUntil, type Log, type Systemd } from '@token-relay/daemon';

/** Runs until the signal aborts; with no watchdog configured it costs no timer. */
export async function feedWatchdog(
  apiSocketPath: string,
  watchdog: Systemd['watchdog'],
  log: Log,
  signal: AbortSignal,
): Promise<void> {
  const { intervalMs } = watchdog;
  if (intervalMs === undefined) {
    await aborted(signal);
    return;
  }
  while (!signal.aborted) {
    try {
      const { status } = await requestLocal(apiSocketPath, { method: 'GET', path: '/healthz', timeoutMs: intervalMs });
      if (status === 200) watchdog.pet();
    } catch (error) {
      log.warn(`The receiver does not answer itself: ${error instanceof Error ? error.message : String(error)}`);
    }
    await sleepUntil(Date.now() + intervalMs, { signal });
  }
}

function aborted(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve();
    else signal.addEventListener('abort', () => resolve(), { once: true });
  });
}
