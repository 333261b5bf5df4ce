import { parseInstant } from '@token-relay/protocol';
import * as z from 'zod/mini';
import { LAST_INSTANT_MS, type TokenSet } from '../token-set.ts';
import {
  firstIssue,
  membersBut,
  optionalSeconds,
  optionalTime,
  parseMembers,
  toMembers,
  type Parsed,
} from './token-members.ts';

/** Schwabdev counts with 30 minutes, whatever `expires_in` says. */
const LIFETIME_SECONDS = 1800;
/** What Schwabdev 3 puts before a token that it has encrypted. */
const ENCRYPTED_PREFIX = 'enc:';
/** The last time that Python's datetime can hold. */
const LAST_PYTHON_MS: number = Date.UTC(9999, 11, 31, 23, 59, 59);
const NO_OFFSET = /^\d{4}-\d\d-\d\d[T ]\d\d:\d\d(:\d\d([.,]\d+)?)?$/;

const optionalUtc = optionalTime((value) =>
  parseInstant(typeof value === 'string' && NO_OFFSET.test(value) ? `${value}Z` : value),
);
const schwabdevFile = z.looseObject({
  access_token_issued: optionalUtc,
  refresh_token_issued: optionalUtc,
  token_dictionary: z.unknown(),
});
const lifetime = z.looseObject({ expires_in: optionalSeconds });
const KNOWN: ReadonlySet<string> = new Set(Object.keys(schwabdevFile.shape));

/**
 * Reads Schwabdev's JSON of before 3.0, and with `at` empty a row of its database in the same shape (SCHWAB.md, "The
 * token file"). Times without an offset are in UTC, as they are to Schwabdev. `refresh_token_issued` is the login time.
 * @param at where the tokens stand, for messages
 */
export function parseSchwabdev(value: unknown, at: string = 'token_dictionary'): Parsed {
  const parsed = z.safeParse(schwabdevFile, value);
  if (!parsed.success) return { ok: false, detail: firstIssue(parsed.error, '') };
  const { access_token_issued: issuedAtMs, refresh_token_issued: loginAtMs, token_dictionary: tokens } = parsed.data;
  const inner = parseMembers(tokens, at);
  if (!inner.ok) return inner;
  const { accessToken, refreshToken } = inner.tokenSet;
  if ([accessToken, refreshToken].some((token) => token?.startsWith(ENCRYPTED_PREFIX))) {
    return { ok: false, detail: "its tokens are encrypted with Schwabdev's own key, which cannot be read here" };
  }
  return {
    ok: true,
    tokenSet: {
      ...inner.tokenSet,
      ...(typeof issuedAtMs === 'number' && { issuedAtMs, expiresAtMs: expiryOf(issuedAtMs, tokens) }),
      ...(typeof loginAtMs === 'number' && { loginAtMs }),
      otherMembers: { file: membersBut(KNOWN, parsed.data), token: inner.tokenSet.otherMembers?.token ?? {} },
    },
  };
}

function expiryOf(issuedAtMs: number, tokens: unknown): number {
  const parsed = z.safeParse(lifetime, tokens);
  const seconds = (parsed.success ? parsed.data.expires_in : undefined) ?? LIFETIME_SECONDS;
  return Math.min(issuedAtMs + seconds * 1000, LAST_INSTANT_MS);
}

/** The set as Schwabdev's JSON. An access token of unknown expiry is written as one that is long expired. */
export function schwabdevObject(tokenSet: TokenSet): Record<string, unknown> {
  const { issuedAtMs, expiresAtMs } = issueAndExpiry(tokenSet);
  return {
    access_token_issued: pythonIso(issuedAtMs),
    ...(tokenSet.loginAtMs !== undefined && { refresh_token_issued: pythonIso(tokenSet.loginAtMs) }),
    token_dictionary: toMembers({ ...tokenSet, issuedAtMs, expiresAtMs }, undefined),
    ...membersBut(KNOWN, tokenSet.otherMembers?.file ?? {}),
  };
}

export type SchwabdevRow = {
  readonly access_token_issued: string;
  readonly refresh_token_issued: string;
  readonly access_token: string;
  readonly refresh_token: string;
  readonly id_token: string;
  readonly expires_in: number;
  readonly token_type: string;
  readonly scope: string;
};

/** The set as the one row of Schwabdev's table, in which nothing may be NULL. See {@link missingForSchwabdev}. */
export function schwabdevRow(tokenSet: TokenSet): SchwabdevRow {
  const { issuedAtMs, expiresAtMs } = issueAndExpiry(tokenSet);
  return {
    access_token_issued: pythonIso(issuedAtMs),
    refresh_token_issued: pythonIso(tokenSet.loginAtMs ?? 0),
    access_token: tokenSet.accessToken ?? '',
    refresh_token: tokenSet.refreshToken ?? '',
    id_token: tokenSet.idToken ?? '',
    expires_in: (expiresAtMs - issuedAtMs) / 1000,
    token_type: tokenSet.tokenType ?? 'Bearer',
    scope: tokenSet.scope ?? 'api',
  };
}

/** What Schwabdev cannot do without and this set lacks, in words: it would start a login at once, which ends ours. */
export function missingForSchwabdev(tokenSet: TokenSet): string[] {
  return [
    ...(tokenSet.accessToken === undefined ? ['the access token'] : []),
    ...(tokenSet.refreshToken === undefined ? ['the refresh token'] : []),
    ...(tokenSet.loginAtMs === undefined ? ['the time of the login'] : []),
  ];
}

/** What has no place in Schwabdev's table, in words. */
export function lostInSchwabdevRow(tokenSet: TokenSet): string[] {
  const { file, token } = tokenSet.otherMembers ?? { file: {}, token: {} };
  return [...Object.keys(file), ...Object.keys(token)].map((name) => `${name} (the table has no column for it)`);
}

/** Whole seconds apart, with the expiry exact. */
function issueAndExpiry({ issuedAtMs, expiresAtMs }: TokenSet): { issuedAtMs: number; expiresAtMs: number } {
  if (expiresAtMs === undefined) return { issuedAtMs: 0, expiresAtMs: LIFETIME_SECONDS * 1000 };
  const seconds = issuedAtMs === undefined ? LIFETIME_SECONDS : Math.round((expiresAtMs - issuedAtMs) / 1000);
  const possible = Math.max(0, Math.min(seconds, Math.floor(expiresAtMs / 1000)));
  return { issuedAtMs: expiresAtMs - possible * 1000, expiresAtMs };
}

/** As Python writes it and every version of it reads it: `Z` is understood only since 3.11. */
function pythonIso(timeMs: number): string {
  return new Date(Math.min(timeMs, LAST_PYTHON_MS)).toISOString().replace('Z', '+00:00');
}
