/** What a reader who asks for the token is told. Pure. */
import type { HeldToken } from '@token-relay/socket';
import { lookUp } from './token-view.ts';

export type TokenDecision =
  | { readonly kind: 'send'; readonly held: HeldToken }
  /** The reader has it. */
  | { readonly kind: 'unchanged'; readonly held: HeldToken }
  | { readonly kind: 'none' }
  | { readonly kind: 'expired'; readonly expiredAtMs: number };

/** @param ifNoneMatch the header field of that name */
export function decideToken(
  held: HeldToken | undefined,
  ifNoneMatch: string | undefined,
  nowMs: number,
): TokenDecision {
  const found = lookUp(held, nowMs);
  if (found.kind !== 'valid') return found;
  return { kind: matches(ifNoneMatch, etagOf(found.held)) ? 'unchanged' : 'send', held: found.held };
}

export function etagOf({ generation }: HeldToken): string {
  return `"${generation}"`;
}

/** RFC 9110, 13.1.2: a list, and compared weakly. */
function matches(ifNoneMatch: string | undefined, etag: string): boolean {
  return ifNoneMatch?.split(',').some((entry) => ['*', etag, `W/${etag}`].includes(entry.trim())) === true;
}
