/** A login ends this long after it was made, however often it is refreshed (SCHWAB.md, "Lifetimes"). */
export const LOGIN_LIFETIME_MS: number = 7 * 24 * 60 * 60_000;

/** @param loginAtMs the `creation_timestamp` of the token file, in epoch milliseconds */
export function loginEndsAt(loginAtMs: number): number {
  return loginAtMs + LOGIN_LIFETIME_MS;
}
