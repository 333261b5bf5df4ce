/**
 * What the answer to a login's code means. Pure. Source of every row: SCHWAB.md, "Errors, as they come over the wire",
 * and RFC 6749 §5.
 */
import { parseTokenResponse, type RefreshedTokens, type TokenSet } from '@token-relay/tokens';
import * as z from 'zod/mini';
import type { HttpAnswer } from '../refresh/token-answer.ts';

export type LoginTokens = RefreshedTokens & { readonly refreshToken: string };

/**
 * - `code_expired`: the code is older than 30 seconds. `code_refused`: it was used before, or altered.
 * - `callback_mismatch`: not the registered callback.
 * - `wrong_credentials`: Schwab does not know the key or the secret. `not_approved`: the app may not log anybody in.
 * - `no_refresh_token`: the answer has none, so the login would not last.
 * - `schwab_unavailable`: a fault that passes by itself.
 */
export type ExchangeFailureCode =
  | 'code_expired'
  | 'code_refused'
  | 'callback_mismatch'
  | 'wrong_credentials'
  | 'not_approved'
  | 'no_refresh_token'
  | 'schwab_unavailable';

/** `message` is for people; of a body it quotes nothing but OAuth's `error` code. */
export type LoginOutcome =
  | { readonly kind: 'granted'; readonly tokens: LoginTokens }
  | { readonly kind: 'failed'; readonly code: ExchangeFailureCode; readonly message: string };

const errorSchema = z.object({
  error: z.string(),
  error_description: z.optional(z.nullable(z.string())),
});

export function judgeLoginAnswer(answer: HttpAnswer): LoginOutcome {
  const body = parseJson(answer.body);
  if (answer.status === 200) return judgeSuccess(body);
  if (answer.status === 400 || answer.status === 401) {
    const error = z.safeParse(errorSchema, body);
    if (error.success) return judgeOAuthError(answer.status, error.data.error, error.data.error_description ?? '');
  }
  return unavailable(`Schwab answered HTTP ${answer.status}`);
}

/** The token set of a login whose code was exchanged at `loginAtMs`: lifetimes count from before the request, in whole seconds. */
export function loginTokenSet(tokens: LoginTokens, loginAtMs: number): TokenSet & { readonly accessToken: string } {
  const { expiresInSeconds, ...rest } = tokens;
  const issuedAtMs = Math.floor(loginAtMs / 1_000) * 1_000;
  return { ...rest, issuedAtMs, loginAtMs: issuedAtMs, expiresAtMs: issuedAtMs + expiresInSeconds * 1_000 };
}

/** No usable answer: the code is lost with it, and the login has to be made again. */
export function unavailable(reason: string): LoginOutcome {
  return failed('schwab_unavailable', `${reason}. This passes by itself: log in again in a minute`);
}

function judgeSuccess(body: unknown): LoginOutcome {
  const response = parseTokenResponse(body);
  if (!response.ok) return unavailable(`Schwab answered HTTP 200, but ${response.detail}`);
  const { refreshToken } = response.tokens;
  return refreshToken === undefined
    ? failed(
        'no_refresh_token',
        'Schwab answered without a refresh token, which it does when the request was malformed on our side. Nothing was saved; log in again, and report it if it stays so',
      )
    : { kind: 'granted', tokens: { ...response.tokens, refreshToken } };
}

function judgeOAuthError(status: number, error: string, description: string): LoginOutcome {
  const code = `HTTP ${status}, ${/^[a-z_]{1,40}$/.test(error) ? error : 'unknown error'}`;
  const text = `${error} ${description}`.toLowerCase();
  if (/redirect[ _]?uri|callback/.test(text)) {
    return failed(
      'callback_mismatch',
      `Schwab says that the callback is not the registered one (${code}). callback_url in the app configuration must match the one at developer.schwab.com byte for byte, also in its last slash`,
    );
  }
  if (/code.*expired|expired.*code/.test(text)) {
    return failed(
      'code_expired',
      `The code was older than 30 seconds (${code}). Log in again, and paste the address within 30 seconds of Schwab's last page`,
    );
  }
  if (error === 'invalid_grant' || /bad authorization ?code|authorization ?code/.test(text)) {
    return failed(
      'code_refused',
      `Schwab does not know the code (${code}): it is used or altered, it is older than 30 seconds, or the callback is not the registered one, byte for byte. Log in again`,
    );
  }
  if (error === 'unauthorized_client') {
    return failed(
      'not_approved',
      `Schwab does not let this app log anybody in: it is not approved (${code}). At developer.schwab.com the app must say "Ready For Use"`,
    );
  }
  if (error === 'invalid_client') {
    return failed(
      'wrong_credentials',
      `Schwab does not accept the app key and secret (${code}). Compare app_key and app_secret in the app configuration with your app at developer.schwab.com, where it must say "Ready For Use": an app that is not approved yet is answered the same`,
    );
  }
  return unavailable(`Schwab answered with an error that says nothing of the login (${code})`);
}

function failed(code: ExchangeFailureCode, message: string): LoginOutcome {
  return { kind: 'failed', code, message };
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
