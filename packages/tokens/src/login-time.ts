import type { TokenSet } from './token-set.ts';

/** The clocks of two machines may differ by this much; a login that counts as so much fresher than it is does no harm. */
const CLOCK_TOLERANCE_MS: number = 5 * 60_000;

/** Whether the set says that its login will be made only later: then its time is wrong, or the clock is. */
export function isLoginInFuture(tokenSet: TokenSet | undefined, nowMs: number): boolean {
  return tokenSet?.loginAtMs !== undefined && tokenSet.loginAtMs > nowMs + CLOCK_TOLERANCE_MS;
}

/** The time of the login, in epoch milliseconds, if it is known. One in the future is kept in the set, and counts as unknown. */
export function knownLoginAtMs(tokenSet: TokenSet | undefined, nowMs: number): number | undefined {
  return isLoginInFuture(tokenSet, nowMs) ? undefined : tokenSet?.loginAtMs;
}
