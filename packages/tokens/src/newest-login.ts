import { isLoginInFuture, knownLoginAtMs } from './login-time.ts';
import type { TokenSet } from './token-set.ts';

/**
 * What to do with the set that was found on disk:
 * - `adopted`: take it over
 * - `unchanged`: it is what is held
 * - `older`: keep what is held; so with all that follow
 * - `no_refresh_token`: with it, everything would end at the access token's expiry
 * - `unknown_login`: another login, and it does not say when it was made
 * - `future_login`: another login, and the time at which it says that it was made has not come yet
 */
export type DiskVerdict = 'adopted' | 'unchanged' | 'older' | 'no_refresh_token' | 'unknown_login' | 'future_login';

export type DiskCircumstances = {
  readonly nowMs: number;
  /** Schwab has refused the held login for good: another one is worth a try, even an older one. */
  readonly isHeldOver: boolean;
};

/** Login times are compared in whole seconds, because the file has no more (SCHWAB.md, "The token file"). */
function loginSecond(tokenSet: TokenSet, nowMs: number): number | undefined {
  const loginAtMs = knownLoginAtMs(tokenSet, nowMs);
  return loginAtMs === undefined ? undefined : Math.floor(loginAtMs / 1000);
}

/** Whether `candidate` is known to come from a later login than `held`. A known login time beats an unknown one. */
export function isNewerLogin(candidate: TokenSet, held: TokenSet, nowMs: number): boolean {
  const theirs = loginSecond(candidate, nowMs);
  const ours = loginSecond(held, nowMs);
  return theirs !== undefined && (ours === undefined || theirs > ours);
}

/** Whether both come from one login: the same login time, or where one is unknown, the same refresh token. */
export function isSameLogin(one: TokenSet, other: TokenSet, nowMs: number): boolean {
  const first = loginSecond(one, nowMs);
  const second = loginSecond(other, nowMs);
  if (first !== undefined && second !== undefined) return first === second;
  return one.refreshToken === other.refreshToken;
}

/** Whether putting `other` in the place of `tokenSet` would end a login that can still be refreshed. */
export function losesRefreshToken(tokenSet: TokenSet, other: TokenSet): boolean {
  return tokenSet.refreshToken !== undefined && other.refreshToken === undefined;
}

/**
 * Judges a set found on disk against the one held. A newer login is adopted; so is an access token of the same login that
 * is not ours and expires later, because another program refreshed it. Where neither login's time is known, the later
 * expiry decides. A set that can be refreshed is never given up for one that cannot.
 */
export function judgeDisk(
  held: TokenSet | undefined,
  onDisk: TokenSet,
  { nowMs, isHeldOver }: DiskCircumstances,
): DiskVerdict {
  if (held === undefined || losesRefreshToken(onDisk, held)) return 'adopted';
  if (losesRefreshToken(held, onDisk)) return 'no_refresh_token';
  if (isHeldOver && onDisk.refreshToken !== held.refreshToken) return 'adopted';
  if (isNewerLogin(onDisk, held, nowMs)) return 'adopted';
  const theirs = loginSecond(onDisk, nowMs);
  const ours = loginSecond(held, nowMs);
  if (ours !== undefined && !isSameLogin(onDisk, held, nowMs)) {
    if (theirs !== undefined) return 'older';
    return isLoginInFuture(onDisk, nowMs) ? 'future_login' : 'unknown_login';
  }
  if (onDisk.accessToken === held.accessToken) return 'unchanged';
  const theirsMs = onDisk.accessToken === undefined ? -Infinity : (onDisk.expiresAtMs ?? -Infinity);
  return theirsMs > (held.expiresAtMs ?? -Infinity) ? 'adopted' : 'older';
}

/** The set on disk as it is to be held: without a login time that is known, it has ours if it has our refresh token. */
export function adopted(held: TokenSet | undefined, onDisk: TokenSet, nowMs: number): TokenSet {
  const inherited = held?.refreshToken === onDisk.refreshToken ? held?.loginAtMs : undefined;
  const loginAtMs = knownLoginAtMs(onDisk, nowMs) ?? inherited;
  return loginAtMs === undefined ? onDisk : { ...onDisk, loginAtMs };
}

/** Whether saving `next` would overwrite a newer login than its own that is not the one we last read or wrote. */
export function overwritesUnseenLogin(
  onDisk: TokenSet,
  next: TokenSet,
  seen: TokenSet | undefined,
  nowMs: number,
): boolean {
  if (!isNewerLogin(onDisk, next, nowMs) || losesRefreshToken(next, onDisk)) return false;
  return seen === undefined || loginSecond(onDisk, nowMs) !== loginSecond(seen, nowMs);
}
