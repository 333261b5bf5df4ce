/**
 * When the next attempt to refresh may be made: after the schedule, or after what followed from the last attempt. A wait is
 * measured by the boot clock, whatever is done to the wall clock; a token is due by whichever of the two makes it older.
 */
import { setBackMs, type Moment } from './moment.ts';
import { MIN_ATTEMPT_GAP_MS, refreshDueAt, type TokenTimes } from './schedule.ts';

export interface HeldToken extends TokenTimes {
  readonly accessToken?: string | undefined;
}

export class AttemptTimes {
  readonly #now: () => Moment;
  #retry: (Moment & { readonly delayMs: number }) | undefined;
  /** on the boot clock */
  #lastAttemptAtMs: number | undefined;
  /** The token as it was first seen, and when. */
  #seen: (Moment & { readonly accessToken: string | undefined; readonly expiresAtMs: number | undefined }) | undefined;

  constructor(now: () => Moment) {
    this.#now = now;
  }

  /** An attempt begins. */
  began(): void {
    this.#lastAttemptAtMs = this.#now().bootMs;
  }

  /** How long the attempt has taken so far. */
  takenMs(): number {
    const { bootMs } = this.#now();
    return bootMs - (this.#lastAttemptAtMs ?? bootMs);
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
      const { bootMs, delayMs } = this.#retry;
      return this.notBeforeGap(now.wallMs + delayMs - (now.bootMs - bootMs));
    }
    const { accessToken, expiresAtMs } = token;
    if (this.#seen === undefined || this.#seen.accessToken !== accessToken || this.#seen.expiresAtMs !== expiresAtMs) {
      this.#seen = { ...now, accessToken, expiresAtMs };
    }
    // The token ages by the boot clock, too: by the wall clock that it was seen on, it is now so much later.
    const behindMs = setBackMs(this.#seen, now);
    const dueAtMs = refreshDueAt(token, refreshIntervalMs, now.wallMs + behindMs) - behindMs;
    return this.notBeforeGap(Math.min(dueAtMs, refreshDueAt(token, refreshIntervalMs, now.wallMs)));
  }

  /** `wantedAtMs`, or later if the last attempt was less than a second ago. */
  notBeforeGap(wantedAtMs: number): number {
    if (this.#lastAttemptAtMs === undefined) return wantedAtMs;
    const { wallMs, bootMs } = this.#now();
    return Math.max(wantedAtMs, wallMs + MIN_ATTEMPT_GAP_MS - (bootMs - this.#lastAttemptAtMs));
  }
}
