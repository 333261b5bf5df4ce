/**
 * When the next attempt to refresh may be made: after the schedule, or after what followed from the last attempt. Two clocks
 * decide, and the earlier one wins: the wall clock, which goes on while the machine is suspended, and running time, which
 * nobody can set back.
 */
import { MIN_ATTEMPT_GAP_MS, refreshDueAt, type TokenTimes } from './schedule.ts';

/** Both clocks at one moment. */
interface Moment {
  readonly wallMs: number;
  readonly runningMs: number;
}

export interface HeldToken extends TokenTimes {
  readonly accessToken?: string | undefined;
}

export class AttemptTimes {
  readonly #nowMs: () => number;
  readonly #runningMs: () => number;
  #retry: (Moment & { readonly delayMs: number }) | undefined;
  #lastAttemptAtMs: number | undefined;
  /** The token as it was first seen, and when. */
  #seen: (Moment & { readonly accessToken: string | undefined; readonly expiresAtMs: number | undefined }) | undefined;

  /** @param nowMs the wall clock @param runningMs time that nobody can set */
  constructor(nowMs: () => number, runningMs: () => number) {
    this.#nowMs = nowMs;
    this.#runningMs = runningMs;
  }

  /** An attempt begins. */
  began(): void {
    this.#lastAttemptAtMs = this.#runningMs();
  }

  /** How long the attempt has taken so far. */
  takenMs(): number {
    const nowMs = this.#runningMs();
    return nowMs - (this.#lastAttemptAtMs ?? nowMs);
  }

  /** @param retryAtMs undefined: as the schedule says */
  retryAt(retryAtMs: number | undefined): void {
    const now = this.#now();
    this.#retry = retryAtMs === undefined ? undefined : { ...now, delayMs: retryAtMs - now.wallMs };
  }

  /** When the next attempt is due, in epoch milliseconds. */
  dueAtMs(token: HeldToken, refreshIntervalMs: number): number {
    const now = this.#now();
    if (this.#retry !== undefined) {
      const { wallMs, delayMs } = this.#retry;
      return this.notBeforeGap(wallMs + delayMs - setBackMs(this.#retry, now));
    }
    const { accessToken, expiresAtMs } = token;
    if (this.#seen === undefined || this.#seen.accessToken !== accessToken || this.#seen.expiresAtMs !== expiresAtMs) {
      this.#seen = { ...now, accessToken, expiresAtMs };
    }
    // The token ages in running time, too: by the wall clock that it was seen on, it is now so much later.
    const behindMs = setBackMs(this.#seen, now);
    const dueAtMs = refreshDueAt(token, refreshIntervalMs, now.wallMs + behindMs) - behindMs;
    return this.notBeforeGap(Math.min(dueAtMs, refreshDueAt(token, refreshIntervalMs, now.wallMs)));
  }

  /** `wantedAtMs`, or later if the last attempt was less than a second ago. */
  notBeforeGap(wantedAtMs: number): number {
    if (this.#lastAttemptAtMs === undefined) return wantedAtMs;
    const { wallMs, runningMs } = this.#now();
    return Math.max(wantedAtMs, wallMs + MIN_ATTEMPT_GAP_MS - (runningMs - this.#lastAttemptAtMs));
  }

  #now(): Moment {
    return { wallMs: this.#nowMs(), runningMs: this.#runningMs() };
  }
}

/** By how much the wall clock was set back between two moments; 0 if it was set forward, or the machine was suspended. */
function setBackMs(before: Moment, now: Moment): number {
  return Math.max(0, now.runningMs - before.runningMs - (now.wallMs - before.wallMs));
}
