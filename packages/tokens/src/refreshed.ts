import * as z from 'zod/mini';
import { isTokenText, type TokenSet } from './token-set.ts';

/** What an OAuth server answered to a refresh (RFC 6749, 5.1), in our words. */
export type RefreshedTokens = {
  readonly accessToken: string;
  /** Lifetime of the access token from the moment of the request, in seconds. */
  readonly expiresInSeconds: number;
  /** Absent: the one that was used stays good. */
  readonly refreshToken?: string;
  readonly idToken?: string;
  readonly tokenType?: string;
  readonly scope?: string;
};

export type TokenResponse =
  { readonly ok: true; readonly tokens: RefreshedTokens } | { readonly ok: false; readonly detail: string };

/** Schwab's lifetime, taken when an answer has none that can be used. */
const USUAL_LIFETIME_SECONDS = 1800;

const body = z.looseObject({
  access_token: z.string(),
  expires_in: z.optional(z.unknown()),
  refresh_token: z.optional(z.unknown()),
  id_token: z.optional(z.unknown()),
  token_type: z.optional(z.unknown()),
  scope: z.optional(z.unknown()),
});

/**
 * Reads the JSON body of a successful token request. `expires_in` may be a string (SCHWAB.md, "Endpoints"); without a
 * usable one it is 1800 s. Other members of the wrong type are left out, because a token once issued must not be lost
 * to them. `detail` says what is wrong and holds no part of the body.
 */
export function parseTokenResponse(value: unknown): TokenResponse {
  const parsed = z.safeParse(body, value);
  if (!parsed.success) return { ok: false, detail: 'the answer is no JSON object with an access_token' };
  const { access_token: accessToken, expires_in, refresh_token, id_token, token_type, scope } = parsed.data;
  if (!isTokenText(accessToken)) return { ok: false, detail: 'access_token is empty or not printable ASCII' };
  if (typeof refresh_token === 'string' && refresh_token !== '' && !isTokenText(refresh_token)) {
    return { ok: false, detail: 'refresh_token is not printable ASCII' };
  }
  return {
    ok: true,
    tokens: {
      accessToken,
      expiresInSeconds: lifetimeSeconds(expires_in),
      ...optionalText('refreshToken', refresh_token),
      ...optionalText('idToken', id_token),
      ...optionalText('tokenType', token_type),
      ...optionalText('scope', scope),
    },
  };
}

/**
 * The set after a refresh that was asked for at `requestedAtMs`: the login time stays, and so does the refresh token,
 * unless the answer brought another. Times are whole seconds, as in the file, and err on the early side.
 */
export function refreshed(current: TokenSet, answer: RefreshedTokens, requestedAtMs: number): TokenSet {
  const issuedAtMs = Math.floor(requestedAtMs / 1000) * 1000;
  return {
    ...current,
    accessToken: answer.accessToken,
    issuedAtMs,
    expiresAtMs: issuedAtMs + Math.floor(answer.expiresInSeconds) * 1000,
    ...optionalText('refreshToken', answer.refreshToken),
    ...optionalText('idToken', answer.idToken),
    ...optionalText('tokenType', answer.tokenType),
    ...optionalText('scope', answer.scope),
  };
}

/** A number of seconds, or digits; ten years at most, so that it is always a date. */
function lifetimeSeconds(value: unknown): number {
  const seconds = typeof value === 'string' && /^\d+(\.\d+)?$/.test(value) ? Number(value) : value;
  if (typeof seconds !== 'number' || !(seconds >= 1)) return USUAL_LIFETIME_SECONDS;
  return Math.min(Math.floor(seconds), 10 * 365 * 86_400);
}

function optionalText<Name extends string>(name: Name, value: unknown): Partial<Record<Name, string>> {
  const members: Partial<Record<string, string>> = {};
  if (typeof value === 'string' && value !== '') members[name] = value;
  return members;
}
