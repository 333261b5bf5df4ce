/**
 * A token set on its way to other hosts: schwab-py's form, with all that the file has, and how old it is. Clocks differ
 * between hosts, so ages travel, not times: what a receiver makes of them is right by its own clock. The time of the login
 * travels as it is: it is what logins are told apart by.
 */
import { assertTokenSet, formatTokenText, parseTokenText, TokenError, type TokenSet } from '@token-relay/tokens';
import * as z from 'zod/mini';

/** A token set is a few kilobytes; nothing larger is read. */
export const MAX_RECORD_BYTES: number = 256 * 1024;

/** A link that is cut delivers what was sent, when it is there again, for as long as TCP and our timeouts let it. */
const LONGEST_WAY_MS = 60_000;

const record = z.looseObject({
  version: z.literal(1),
  /** Time since the access token was issued, when it was published; absent if that is not known. */
  age_ms: z.optional(z.number().check(z.minimum(-1e12), z.maximum(1e12))),
  /** When it was sealed, by the store's clock; absent if that was not known. It may be on its way for long. */
  sealed_at_ms: z.optional(z.number()),
  lifetime_ms: z.optional(z.number().check(z.minimum(0), z.maximum(1e12))),
  tokens: z.string(),
});

/** @param storeNowMs by the store's clock, if that is known */
export function writeRecord(tokenSet: TokenSet, nowMs: number, storeNowMs?: number): string {
  const { issuedAtMs, expiresAtMs } = tokenSet;
  const sinceMs = issuedAtMs ?? expiresAtMs;
  return JSON.stringify({
    version: 1,
    ...(storeNowMs === undefined ? {} : { sealed_at_ms: Math.round(storeNowMs) }),
    ...(sinceMs === undefined ? {} : { age_ms: nowMs - sinceMs }),
    ...(expiresAtMs === undefined || sinceMs === undefined ? {} : { lifetime_ms: expiresAtMs - sinceMs }),
    tokens: formatTokenText(tokenSet, 'schwab-py'),
  });
}

/**
 * @param agoMs how long ago it was stored
 * @param storeNowMs by the store's clock, if that is known
 * @returns undefined for what is not such a record
 */
export function readRecord(text: string, agoMs: number, nowMs: number, storeNowMs?: number): TokenSet | undefined {
  const parsed = z.safeParse(record, jsonOf(text));
  if (!parsed.success) return undefined;
  const tokens = parseTokenText(parsed.data.tokens);
  if (!tokens.ok) return undefined;
  const { age_ms: ageMs, lifetime_ms: lifetimeMs, sealed_at_ms: sealedAtMs } = parsed.data;
  const sealedAgoMs = sealedAtMs === undefined || storeNowMs === undefined ? agoMs : storeNowMs - sealedAtMs;
  // Longer than it was stored, by as much as a request can be on its way; else the store's clock was set.
  const travelledMs = Math.max(agoMs, sealedAgoMs <= agoMs + LONGEST_WAY_MS ? sealedAgoMs : agoMs);
  const { issuedAtMs: wasIssued, ...tokenSet } = tokens.tokenSet;
  const sinceMs = ageMs === undefined ? undefined : nowMs - travelledMs - ageMs;
  const read = {
    ...tokenSet,
    ...(sinceMs === undefined || wasIssued === undefined ? {} : { issuedAtMs: sinceMs }),
    ...(sinceMs === undefined || lifetimeMs === undefined ? {} : { expiresAtMs: sinceMs + lifetimeMs }),
  };
  return isTokenSet(read) ? read : undefined;
}

function isTokenSet(tokenSet: TokenSet): boolean {
  try {
    assertTokenSet(tokenSet);
    return true;
  } catch (error) {
    if (error instanceof TokenError) return false;
    throw error;
  }
}

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
