/** When to connect again. Pure. */
import { nextBackoff } from '@token-relay/protocol/backoff';

const BACKOFF = { baseMs: 100, capMs: 10_000 };

/** A connection that lasted this long was a good one: what ended it is a new trouble, and the next try comes soon. */
const GOOD_CONNECTION_MS = 10_000;

/**
 * @param attempt how many connections have failed in a row, this one not counted
 * @param lastedMs how long the connection that has just ended was of use; 0 if it never was
 * @param random as Math.random
 */
export function reconnectDelay(
  attempt: number,
  lastedMs: number,
  random: () => number,
): [delayMs: number, nextAttempt: number] {
  return nextBackoff(lastedMs >= GOOD_CONNECTION_MS ? 0 : attempt, BACKOFF, random);
}
