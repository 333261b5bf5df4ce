import type { TokenSet } from './token-set.ts';

/** What to do with the set that was found on disk: take it over, or keep what is held. */
export type DiskVerdict = 'adopted' | 'unchanged' | 'older';

/** Login times are compared in whole seconds, because the file has no more (SCHWAB.md, "The token file"). */
function loginSecond(tokenSet: TokenSet): number | undefined {
  return tokenSet.loginAtMs === undefined ? undefined : Math.floor(tokenSet.loginAtMs / 1000);
}

/** Whether `candidate` is known to come from a later login than `held`. A known login time beats an unknown one. */
export function isNewerLogin(candidate: TokenSet, held: TokenSet): boolean {
  const theirs = loginSecond(candidate);
  const ours = loginSecond(held);
  return theirs !== undefined && (ours === undefined || theirs > ours);
}

/** Whether both come from one login: the same login time, or where one is unknown, the same refresh token. */
export function isSameLogin(one: TokenSet, other: TokenSet): boolean {
  const first = loginSecond(one);
  const second = loginSecond(other);
  if (first !== undefined && second !== undefined) return first === second;
  return one.refreshToken === other.refreshToken;
}

/**
 * Judges a set found on disk against the one held. A newer login is adopted; so is an access token of no older login
 * that is not ours and expires later, because another program refreshed it, or logged in without writing the login time.
 */
export function judgeDisk(held: TokenSet | undefined, onDisk: TokenSet): DiskVerdict {
  if (held === undefined || isNewerLogin(onDisk, held)) return 'adopted';
  const bothKnown = onDisk.loginAtMs !== undefined && held.loginAtMs !== undefined;
  if (bothKnown && !isSameLogin(onDisk, held)) return 'older';
  if (onDisk.accessToken === held.accessToken) return 'unchanged';
  const theirsMs = onDisk.accessToken === undefined ? -Infinity : (onDisk.expiresAtMs ?? -Infinity);
  return theirsMs > (held.expiresAtMs ?? -Infinity) ? 'adopted' : 'older';
}

/** The set on disk as it is to be held: without a login time of its own, it has ours if it has our refresh token. */
export function adopted(held: TokenSet | undefined, onDisk: TokenSet): TokenSet {
  const known = onDisk.loginAtMs ?? (held && isSameLogin(held, onDisk) ? held.loginAtMs : undefined);
  return known === undefined ? onDisk : { ...onDisk, loginAtMs: known };
}

/** Whether saving `next` would overwrite a newer login than its own that is not the one we last read or wrote. */
export function overwritesUnseenLogin(onDisk: TokenSet, next: TokenSet, seen: TokenSet | undefined): boolean {
  if (!isNewerLogin(onDisk, next)) return false;
  return seen === undefined || loginSecond(onDisk) !== loginSecond(seen);
}
