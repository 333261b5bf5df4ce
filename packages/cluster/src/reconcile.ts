/** What to do about the token set in the store and the one that is held: take theirs, publish ours, or neither. Pure. */
import type { TokenSet } from '@token-relay/tokens';
import { isSameLogin, orderOf } from './rank.ts';

/** What the store was last seen to hold. */
export interface SeenTokens {
  readonly tokenSet: TokenSet;
  /** Whether it is sealed with the key that we seal with. */
  readonly isSealedAnew: boolean;
}

export interface ReconcileOptions {
  readonly host: string;
  readonly isLeader: boolean;
  /** by this host's clock, epoch milliseconds */
  readonly nowMs: number;
}

export type Reconciliation =
  | { readonly kind: 'nothing' }
  /** `tokenSet` is to be saved, held and delivered. */
  | { readonly kind: 'adopt'; readonly tokenSet: TokenSet }
  /** `tokenSet` is to be published, if nothing was in the meantime; then it is to be held, if it is not what is held. */
  | { readonly kind: 'publish'; readonly tokenSet: TokenSet };

const NOTHING: Reconciliation = { kind: 'nothing' };

/**
 * What was published wins over what was not, where neither is newer: so two that refreshed at the same time agree.
 * @param seen undefined: the store holds none
 */
export function reconcile(
  held: TokenSet | undefined,
  seen: SeenTokens | undefined,
  { host, isLeader, nowMs }: ReconcileOptions,
): Reconciliation {
  if (seen === undefined) return held === undefined ? NOTHING : publication(held, undefined, host);
  if (held === undefined) return { kind: 'adopt', tokenSet: seen.tokenSet };
  switch (orderOf(held, seen.tokenSet)) {
    case 'newer':
      if (isOvertaken(held, seen.tokenSet, nowMs)) return { kind: 'adopt', tokenSet: seen.tokenSet };
      return publication(held, seen.tokenSet, host);
    case 'older':
      return { kind: 'adopt', tokenSet: seen.tokenSet };
    case 'same': {
      const { origin } = seen.tokenSet;
      const isAgreed =
        held.accessToken === seen.tokenSet.accessToken && held.refreshToken === seen.tokenSet.refreshToken;
      if (!isAgreed) return { kind: 'adopt', tokenSet: seen.tokenSet };
      // Only the mark is theirs: times as this host reckons them stay.
      const isMarked = held.origin?.revision === origin?.revision && held.origin?.host === origin?.host;
      if (!isMarked && origin !== undefined) return { kind: 'adopt', tokenSet: { ...held, origin } };
      return isLeader && !seen.isSealedAnew ? { kind: 'publish', tokenSet: held } : NOTHING;
    }
  }
}

/** Between what has surely ended and what surely has not. */
const SURELY_MS = 60_000;

/**
 * A host that was cut off counted on for itself, maybe further than the others; then it was away. What it comes back with has
 * ended, and what the others have has not, so theirs was made after it, whatever the revisions say.
 */
function isOvertaken(held: TokenSet, theirs: TokenSet, nowMs: number): boolean {
  const [ours, other] = [held.expiresAtMs, theirs.expiresAtMs];
  if (!isSameLogin(held, theirs) || ours === undefined || other === undefined) return false;
  return theirs.refreshToken !== undefined && ours < nowMs - SURELY_MS && other > nowMs + SURELY_MS;
}

/** Ours, with a revision above theirs: it may have been made by a program that knows nothing of a cluster. */
function publication(held: TokenSet, theirs: TokenSet | undefined, host: string): Reconciliation {
  const before = theirs !== undefined && isSameLogin(theirs, held) ? theirs.origin?.revision : undefined;
  const least = 1 + (before ?? 0);
  if (held.origin !== undefined && held.origin.revision >= least) return { kind: 'publish', tokenSet: held };
  return { kind: 'publish', tokenSet: { ...held, origin: { host, revision: least } } };
}
