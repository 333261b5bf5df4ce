/** The request that exchanges a login's code for tokens (RFC 6749 §4.1.3, SCHWAB.md "Endpoints"). Pure. */
import { refreshRequest, type AppCredentials, type TokenRequest } from '../refresh/token-request.ts';

/** A form with any more members than these three is answered without a refresh token (SCHWAB.md, "Errors"). */
export function loginRequest(
  tokenUrl: string,
  app: AppCredentials,
  grant: { readonly code: string; readonly callbackUrl: string },
): TokenRequest {
  // Address, authentication and headers are those of every token request; the form alone is another.
  const { url, headers } = refreshRequest(tokenUrl, app, '');
  const form = { grant_type: 'authorization_code', code: grant.code, redirect_uri: grant.callbackUrl };
  return { url, headers, body: new URLSearchParams(form).toString() };
}
