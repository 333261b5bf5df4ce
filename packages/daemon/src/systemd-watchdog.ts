import type { Systemd } from './systemd.ts';

/**
 * Feeds systemd's watchdog as often as it wants, while `isWell`, until the signal aborts. With no watchdog configured it
 * costs no timer. A process that is frozen, or whose event loop is held up, feeds nothing.
 */
export function feedWatchdogWhile(watchdog: Systemd['watchdog'], isWell: () => boolean, signal: AbortSignal): void {
  const { intervalMs, pet } = watchdog;
  if (intervalMs === undefined || signal.aborted) return;
  const timer = setInterval(() => {
    if (isWell()) pet();
  }, intervalMs);
  signal.addEventListener('abort', () => clearInterval(timer), { once: true });
}
