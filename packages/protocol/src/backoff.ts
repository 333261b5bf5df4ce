/** The first wait is below `baseMs`, and the bound doubles with each attempt until it reaches `capMs`. */
export type BackoffOptions = { baseMs: number; capMs: number };

/** Beyond it the power is Infinity, and a base of 0 would become NaN. */
const MAX_EXPONENT = 1023;

/**
 * Full jitter: a wait in whole milliseconds, at random from 0 to min(capMs, baseMs · 2^attempt), and the number of the next attempt.
 * Spreads out the retries of many programs best of the usual kinds
 * (https://aws.amazon.com/blogs/architecture/exponential-backoff-and-jitter/).
 *
 * `attempt` counts from 0; `random` returns at least 0 and less than 1, like Math.random.
 */
export function nextBackoff(
  attempt: number,
  options: BackoffOptions,
  random: () => number,
): [delayMs: number, nextAttempt: number] {
  const boundMs = Math.min(options.capMs, options.baseMs * 2 ** Math.min(attempt, MAX_EXPONENT));
  return [Math.floor(random() * (boundMs + 1)), attempt + 1];
}
