import { TokenError } from './errors.ts';

/** One login's tokens. Every time is in epoch milliseconds; what is absent is unknown. */
export type TokenSet = {
  readonly accessToken?: string;
  readonly refreshToken?: string;
  /** When the access token expires. Unknown counts as expired. */
  readonly expiresAtMs?: number;
  /** When the access token was issued. */
  readonly issuedAtMs?: number;
  /** When the user logged in: the refresh token ends 7 days later, however often it is used. Unknown is never "fresh". */
  readonly loginAtMs?: number;
  readonly idToken?: string;
  readonly tokenType?: string;
  readonly scope?: string;
  /** Where it was made, if it is shared by the hosts of a cluster. */
  readonly origin?: TokenOrigin;
  /** What the file holds and we do not know, kept when it is written again. */
  readonly otherMembers?: OtherMembers;
};

/** The host that refreshed or logged in, and the how many-th set of its login this is, from 1 on, over all hosts. */
export type TokenOrigin = { readonly host: string; readonly revision: number };

/** Unknown members by their place in schwab-py's file: beside `token`, and in it. The flat form has only the second. */
export type OtherMembers = {
  readonly file: Readonly<Record<string, unknown>>;
  readonly token: Readonly<Record<string, unknown>>;
};

/** An access token with less than this left is not handed out as valid if it can be refreshed: 5 minutes. */
export const DEFAULT_EXPIRY_BUFFER_MS: number = 5 * 60_000;
/** An access token with less than this left is worth refreshing: 15 minutes. */
export const DEFAULT_REFRESH_BUFFER_MS: number = 15 * 60_000;

/** ECMA-262's last instant, the last that ISO 8601 can be written for. */
export const LAST_INSTANT_MS = 8.64e15;

/** Whether the access token is missing, of unknown expiry, or has `bufferMs` or less left at `nowMs`. */
export function isExpiredAt(tokenSet: TokenSet | undefined, nowMs: number, bufferMs: number): boolean {
  if (tokenSet?.accessToken === undefined || tokenSet.expiresAtMs === undefined) return true;
  return nowMs >= tokenSet.expiresAtMs - bufferMs;
}

/** Whether a text can be an access or refresh token: printable ASCII, not empty (VSCHAR, RFC 6749 A.12 and A.17). */
export function isTokenText(text: string): boolean {
  return /^[\x20-\x7e]+$/.test(text);
}

/**
 * Refuses what no file could hold.
 * @throws TokenError `token_invalid`
 */
export function assertTokenSet(tokenSet: TokenSet): void {
  const { accessToken, refreshToken, expiresAtMs, issuedAtMs, loginAtMs } = tokenSet;
  for (const [name, token] of Object.entries({ accessToken, refreshToken })) {
    if (token !== undefined && !isTokenText(token)) {
      throw new TokenError('token_invalid', `${name} is empty or has characters that no token has: pass it unquoted`);
    }
  }
  for (const [name, timeMs] of Object.entries({ expiresAtMs, issuedAtMs, loginAtMs })) {
    if (timeMs !== undefined && !(timeMs >= 0 && timeMs <= LAST_INSTANT_MS)) {
      throw new TokenError('token_invalid', `${name} is not a time in epoch milliseconds`);
    }
  }
}

/** The set with the unknown members of both; `newer`'s win. */
export function withMembersOf(tokenSet: TokenSet, newer: TokenSet | undefined): TokenSet {
  const theirs = newer?.otherMembers;
  if (theirs === undefined) return tokenSet;
  const { file, token } = tokenSet.otherMembers ?? { file: {}, token: {} };
  return {
    ...tokenSet,
    otherMembers: { file: { ...file, ...theirs.file }, token: { ...token, ...theirs.token } },
  };
}

/** The set with another access token, about whose times nothing is known but what is given. */
export function withAccessToken(tokenSet: TokenSet, accessToken: string, expiresAtMs: number | undefined): TokenSet {
  const next: { -readonly [Member in keyof TokenSet]: TokenSet[Member] } = { ...tokenSet, accessToken };
  delete next.issuedAtMs;
  delete next.expiresAtMs;
  return expiresAtMs === undefined ? next : { ...next, expiresAtMs };
}
