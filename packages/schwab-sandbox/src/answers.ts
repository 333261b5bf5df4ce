import { fingerprint } from './fingerprint.ts';
import type { IssuedTokens } from './login-book.ts';

/** What the server would say, before any fault. */
export type Answer = { status: number; headers: Record<string, string>; body: string };

/** The ways in which a refresh token is refused (SCHWAB.md, "Errors"); `C_spaces` is C's other wording. */
export type RefusalForm = 'A' | 'B' | 'C' | 'C_spaces' | 'rfc';

export function jsonAnswer(status: number, value: unknown): Answer {
  return {
    status,
    headers: { 'Content-Type': 'application/json;charset=utf-8', 'Cache-Control': 'no-store' },
    body: JSON.stringify(value),
  };
}

export function htmlAnswer(status: number, title: string, text: string): Answer {
  return {
    status,
    headers: { 'Content-Type': 'text/html; charset=utf-8' },
    body: `<HTML><HEAD>\n<TITLE>${title}</TITLE>\n</HEAD><BODY>\n<H1>${title}</H1>\n${text}\n</BODY></HTML>\n`,
  };
}

/** As the edge in front of Schwab says it. */
export function edgePage(status: number): Answer {
  return status === 403
    ? htmlAnswer(403, 'Access Denied', 'You don\'t have permission to access "/v1/oauth/token" on this server.')
    : htmlAnswer(status, `Error ${status}`, 'The request could not be served at this time.');
}

/** A body in the order in which Schwab's members come. */
export function tokenBody(tokens: IssuedTokens): Record<string, string | number> {
  return {
    expires_in: tokens.expiresIn,
    token_type: 'Bearer',
    scope: 'api',
    refresh_token: tokens.refreshToken,
    access_token: tokens.accessToken,
    id_token: tokens.idToken,
  };
}

export function tokenBodyWithoutRefreshToken(tokens: IssuedTokens): Record<string, string | number> {
  return Object.fromEntries(Object.entries(tokenBody(tokens)).filter(([name]) => name !== 'refresh_token'));
}

/** The inner text is JSON whose quotes nobody escaped, as it comes from Schwab: not valid JSON. */
function unsupportedTokenType(innerDescription: string, innerError: string): Answer {
  return jsonAnswer(400, {
    error: 'unsupported_token_type',
    error_description: `400 Bad Request: "{"error_description":"${innerDescription}","error":"${innerError}"}"`,
  });
}

export function refusedRefreshToken(form: RefusalForm, refreshToken: string): Answer {
  switch (form) {
    case 'A': {
      const digest = fingerprint(refreshToken);
      return unsupportedTokenType(
        `Exception while authenticating refresh token [tokenDigest=${digest}, Exception=Failed refresh token authentication [tokenDigest=${digest}]]`,
        'refresh_token_authentication_error',
      );
    }
    case 'B':
      return unsupportedTokenType('Refresh token is invalid, expired or revoked', 'invalid_grant');
    case 'C':
      return jsonAnswer(400, { error: 'invalid_client', error_description: 'refresh_token_invalid' });
    case 'C_spaces':
      return jsonAnswer(400, { error: 'invalid_client', error_description: 'refresh token invalid' });
    case 'rfc':
      return jsonAnswer(400, { error: 'invalid_grant' });
  }
}

export function refusedCode(reason: 'expired' | 'bad'): Answer {
  return unsupportedTokenType(
    reason === 'expired' ? 'AuthorizationCode has expired' : 'Bad authorization code',
    'invalid_grant',
  );
}

export function wrongCredentials(): Answer {
  return jsonAnswer(401, { error: 'invalid_client', error_description: 'Unauthorized' });
}

/** RFC 6749 section 5.2. */
export function badRequest(error: 'invalid_request' | 'unsupported_grant_type', description: string): Answer {
  return jsonAnswer(400, { error, error_description: description });
}
