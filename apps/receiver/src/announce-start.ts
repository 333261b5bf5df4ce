import type { Log } from '@token-relay/daemon';
import { utimesSync } from 'node:fs';
import { errnoOf } from './holding/errno.ts';

/**
 * Makes a sender that watches the path of an inherited token socket deliver again, as it does to a socket that was made
 * anew: this process may not have what the one before was given last. It shows in the time at which the file changed.
 */
export function announceStart(tokenSocketPath: string, log: Log, nowMs: number): void {
  try {
    utimesSync(tokenSocketPath, nowMs / 1_000, nowMs / 1_000);
  } catch (error) {
    log.warn(
      `The times of ${tokenSocketPath} cannot be set (${errnoOf(error) ?? 'unknown error'}), so senders do not notice that the receiver was started again. Make this user its owner, with SocketUser= of the socket unit, and let it write to the folder`,
    );
  }
}
