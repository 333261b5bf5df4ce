import { TokenError } from './errors.ts';
import type { RefreshedTokens } from './refreshed.ts';
import type { TokenSet } from './token-set.ts';

/** Asks the server for new tokens; it rejects if none came. Called for one refresh at a time. */
export type RefreshFunction = (current: TokenSet) => Promise<RefreshedTokens>;

/**
 * - `refreshed`: the new set is held and saved
 * - `refreshed_not_saved`: it is held and may be used, but is not saved; see `TokenManager.saveAgain`
 * - `superseded`: another login replaced the one that was refreshed, and stays; `tokenSet` is what is held now
 */
export type RefreshResult =
  | { readonly status: 'refreshed'; readonly tokenSet: TokenSet }
  | { readonly status: 'refreshed_not_saved'; readonly tokenSet: TokenSet; readonly error: TokenError }
  | { readonly status: 'superseded'; readonly tokenSet: TokenSet | undefined };

/**
 * The error for there being no valid access token. Of the refresh that failed it has no more than a code, because an
 * HTTP client's error may carry the request.
 */
export function noValidToken(tokenSet: TokenSet | undefined, path: string | undefined, failure: unknown): TokenError {
  const refresh = failure === undefined ? '' : `; the refresh failed (${codeOf(failure)})`;
  const options = failure instanceof TokenError ? { cause: failure } : {};
  if (tokenSet?.accessToken === undefined) {
    const where = path === undefined ? '' : ` in ${path}`;
    return new TokenError('token_not_found', `there is no access token${where}${refresh}: log in`, options);
  }
  const expiry =
    tokenSet.expiresAtMs === undefined
      ? 'has an unknown expiry'
      : `expired at ${new Date(tokenSet.expiresAtMs).toISOString()}`;
  const advice = failure === undefined ? 'refresh it, or log in' : 'try again, and log in if that does not help';
  return new TokenError('token_expired', `the access token ${expiry}${refresh}: ${advice}`, options);
}

function codeOf(failure: unknown): string {
  const known = failure instanceof Error && 'code' in failure && typeof failure.code === 'string';
  return known ? String(failure.code) : 'unknown error';
}
