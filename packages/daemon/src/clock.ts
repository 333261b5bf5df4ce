import { LOOK_EVERY_MS, nextTick } from './tick.ts';

export interface SleepOptions {
  signal: AbortSignal;
  /** The wall clock; default `Date.now`. */
  nowMs?: () => number;
  /** The longest wait before the wall clock is looked at again; default LOOK_EVERY_MS. */
  pieceMs?: number;
  /** Called at the start and after each piece; a daemon feeds its watchdog here. */
  onPiece?: () => void;
}

/**
 * Waits for a moment of the wall clock. A timer counts running time, so a long one would be late by as long as the
 * machine was suspended or the clock was moved: this one waits in pieces, which end with the tick of all looks, and looks
 * at the clock after each.
 *
 * Resolves with `due` when the moment has come, or with `aborted` as soon as the signal is; never rejects.
 */
export async function sleepUntil(dueAtMs: number, options: SleepOptions): Promise<'due' | 'aborted'> {
  const { signal, nowMs = Date.now, pieceMs = LOOK_EVERY_MS, onPiece } = options;
  for (;;) {
    if (signal.aborted) return 'aborted';
    onPiece?.();
    const remainingMs = dueAtMs - nowMs();
    if (remainingMs <= 0) return 'due';
    await (remainingMs < pieceMs ? pause(remainingMs, signal) : nextTick(signal, pieceMs));
  }
}

function pause(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const end = (): void => {
      clearTimeout(timer);
      signal.removeEventListener('abort', end);
      resolve();
    };
    const timer = setTimeout(end, ms);
    signal.addEventListener('abort', end);
  });
}
