import { onTick } from './tick.ts';
import type { Systemd } from './systemd.ts';

/**
 * Feeds systemd's watchdog as often as it wants, while `isWell`, until the signal aborts. With no watchdog configured it
 * costs no timer. A process that is frozen, or whose event loop is held up, feeds nothing.
 */
export function feedWatchdogWhile(watchdog: Systemd['watchdog'], isWell: () => boolean, signal: AbortSignal): void {
  const { intervalMs, pet } = watchdog;
  if (intervalMs === undefined) return;
  const look = (): void => {
    if (isWell()) pet();
  };
  onTick(look, signal, intervalMs);
}
