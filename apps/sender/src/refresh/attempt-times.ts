/** When the next attempt to refresh may be made: after the schedule, or after what followed from the last attempt. */
import { notBeforeGap, refreshDueAt, type TokenTimes } from './schedule.ts';

export class AttemptTimes {
  #retryAtMs: number | undefined;
  #retryDelayMs = 0;
  #lastAttemptAtMs: number | undefined;

  /** An attempt begins. */
  began(nowMs: number): void {
    this.#lastAttemptAtMs = nowMs;
  }

  /** How long the attempt has taken so far; 0 if the clock was set back meanwhile. */
  takenMs(nowMs: number): number {
    return Math.max(0, nowMs - (this.#lastAttemptAtMs ?? nowMs));
  }

  /** @param retryAtMs undefined: as the schedule says */
  retryAt(retryAtMs: number | undefined, nowMs: number): void {
    this.#retryAtMs = retryAtMs;
    this.#retryDelayMs = retryAtMs === undefined ? 0 : retryAtMs - nowMs;
  }

  /** When the next attempt is due, in epoch milliseconds. */
  dueAtMs(token: TokenTimes, refreshIntervalMs: number, nowMs: number): number {
    // After the clock was set back, a wait is not longer than it was meant to be.
    if (this.#retryAtMs !== undefined) this.#retryAtMs = Math.min(this.#retryAtMs, nowMs + this.#retryDelayMs);
    return this.notBeforeGap(this.#retryAtMs ?? refreshDueAt(token, refreshIntervalMs, nowMs), nowMs);
  }

  /** `wantedAtMs`, or later if the last attempt was less than a second ago. */
  notBeforeGap(wantedAtMs: number, nowMs: number): number {
    return notBeforeGap(wantedAtMs, this.#lastAttemptAtMs, nowMs);
  }
}
