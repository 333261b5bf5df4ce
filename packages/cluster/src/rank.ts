/** Which of two token sets is the newer: a newer login wins over everything; within a login the higher revision does. Pure. */
import type { TokenSet } from '@token-relay/tokens';

export type Order = 'newer' | 'same' | 'older';

/** Expiries of one and the same token, as two hosts reckon it, differ by less. */
const SAME_EXPIRY_MS = 2_000;

/**
 * How `one` stands to `other`. Logins are told apart by the second in which they were made, as in the token file; a known
 * time is newer than an unknown one. Where the revision is the same, or not known because another program wrote the file, the
 * later expiry decides.
 */
export function orderOf(one: TokenSet, other: TokenSet): Order {
  // A set that can be refreshed is never given up for one that cannot.
  const lasting = compare(Number(one.refreshToken !== undefined), Number(other.refreshToken !== undefined));
  if (lasting !== 'same') return lasting;
  const logins = compare(loginSecond(one), loginSecond(other));
  if (logins !== 'same') return logins;
  if (one.accessToken === other.accessToken && one.refreshToken === other.refreshToken) return 'same';
  const [ours, theirs] = [one.origin, other.origin];
  // Two hosts that refreshed at the same time made the same revision; and another program may have changed one since.
  const isTold = ours !== undefined && theirs !== undefined && ours.revision !== theirs.revision;
  if (isTold) return compare(ours.revision, theirs.revision);
  const aheadMs = expiry(one) - expiry(other);
  return Math.abs(aheadMs) < SAME_EXPIRY_MS ? 'same' : compare(aheadMs, 0);
}

/** Whether both come from one login, as far as the token file can tell: it has whole seconds. */
export function isSameLogin(one: TokenSet, other: TokenSet): boolean {
  return loginSecond(one) === loginSecond(other);
}

function compare(one: number, other: number): Order {
  if (one === other) return 'same';
  return one > other ? 'newer' : 'older';
}

function loginSecond({ loginAtMs }: TokenSet): number {
  return loginAtMs === undefined ? -1 : Math.floor(loginAtMs / 1000);
}

function expiry({ accessToken, expiresAtMs }: TokenSet): number {
  return accessToken === undefined ? 0 : (expiresAtMs ?? 0);
}
