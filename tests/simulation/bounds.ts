/** What DESIGN.md allows, in milliseconds of running time. Everything here is from the design and nothing from the code. */
import type { LoginState } from '../../apps/sender/src/refresh/login-state.ts';

const SECOND = 1_000;
const MINUTE = 60 * SECOND;

/** `http_timeout`: a request that was made before all was well can take this long to end. */
export const HTTP_TIMEOUT_MS: number = 30 * SECOND;
/** Long waits are cut into pieces of at most this. */
export const PIECE_MS: number = 30 * SECOND;
/** Never twice within this. */
export const GAP_MS: number = SECOND;
const BACKOFF_CAP_MS: number = 60 * SECOND;
export const RETRY_AFTER_CAP_MS: number = 5 * MINUTE;
export const CONFIRM_FIRST_MS: number = 30 * SECOND;
export const CONFIRM_SECOND_MS: number = 2 * MINUTE;
/** From the first refusal to the third. Each of the requests may take its time, and one that is asked for by hand be the last before. */
export const CONFIRMED_MS: number = CONFIRM_FIRST_MS + CONFIRM_SECOND_MS + 4 * (HTTP_TIMEOUT_MS + GAP_MS);
export const PARKED_MS: number = 30 * MINUTE;
export const REFRESH_INTERVAL_MS: number = 25 * MINUTE;
/** A watch sees a change at once, or at its next look. */
export const WATCH_POLL_MS: number = 30 * SECOND;
/** One delivery ends after 5 s; three tries, 5 s apart. */
export const DELIVERY_TRIES_MS: number = 25 * SECOND;
export const SLOW_POLL_MS: number = 30 * SECOND;

/**
 * No more requests in any hour. A full-jitter backoff at its cap waits 30 s on average, so that an hour has 120; 200 are 9
 * standard deviations away (200 waits are 6000 s, give or take 245 s).
 */
export const REQUESTS_AN_HOUR = 200;

/**
 * The longest wait until the next attempt, in a state that was left alone.
 * @param hadRetryAfter whether the last answer said when to come again
 */
export function longestWaitMs(state: LoginState['kind'], hadRetryAfter = true): number {
  switch (state) {
    case 'healthy':
    case 'waiting':
      return PIECE_MS + GAP_MS;
    case 'retrying':
      return hadRetryAfter ? RETRY_AFTER_CAP_MS : BACKOFF_CAP_MS;
    case 'confirming':
      return hadRetryAfter ? RETRY_AFTER_CAP_MS : CONFIRM_SECOND_MS;
    case 'login_required':
    case 'misconfigured':
      return PARKED_MS;
  }
}
