export type Credentials = { appKey: string; appSecret: string };

export type TokenRequest = {
  authorization: string | undefined;
  contentType: string | undefined;
  body: string;
};

export type GrantType = 'refresh_token' | 'authorization_code' | 'unknown';

/** `secret` is the code; not `wellFormed` when there is more in the form than the three parameters. */
export type LoginRequest = { kind: 'login'; secret: string; redirectUri: string; wellFormed: boolean };

/** A request as the server understands it; a refresh's `secret` is the refresh token. */
export type JudgedRequest =
  | { kind: 'refresh'; secret: string }
  | LoginRequest
  | { kind: 'wrong_credentials' }
  | { kind: 'malformed'; error: 'invalid_request' | 'unsupported_grant_type'; description: string };

function malformed(description: string): JudgedRequest {
  return { kind: 'malformed', error: 'invalid_request', description };
}

function isForm(contentType: string | undefined): boolean {
  return /^application\/x-www-form-urlencoded\s*(;|$)/i.test(contentType?.trim() ?? '');
}

/** RFC 7617, except that key and secret are not form-encoded first (RFC 6749 section 2.3.1): Schwab takes them as they are. */
function shows(authorization: string | undefined, credentials: Credentials): boolean {
  const encoded = /^Basic +(\S+)$/i.exec(authorization ?? '')?.[1];
  if (encoded === undefined) return false;
  return Buffer.from(encoded, 'base64').toString('utf8') === `${credentials.appKey}:${credentials.appSecret}`;
}

/** The grant that a body names, for the record. */
export function grantTypeOf(body: string): GrantType {
  const name = new URLSearchParams(body).get('grant_type');
  return name === 'refresh_token' || name === 'authorization_code' ? name : 'unknown';
}

/** The code or refresh token that a body carries, if any. */
export function secretOf(body: string): string | undefined {
  const form = new URLSearchParams(body);
  return form.get('refresh_token') ?? form.get('code') ?? undefined;
}

/** The content type first, then the credentials, then the form: an unreadable request says nothing about its app. */
export function judgeTokenRequest(request: TokenRequest, credentials: Credentials): JudgedRequest {
  if (!isForm(request.contentType)) return malformed('Content-Type must be application/x-www-form-urlencoded');
  if (!shows(request.authorization, credentials)) return { kind: 'wrong_credentials' };
  const form = new URLSearchParams(request.body);
  const names = [...form.keys()].sort().join(' ');
  switch (form.get('grant_type')) {
    case null:
      return malformed('grant_type is missing');
    case 'refresh_token': {
      const refreshToken = form.get('refresh_token');
      if (refreshToken === null || refreshToken === '') return malformed('refresh_token is missing');
      if (names !== 'grant_type refresh_token') return malformed('only grant_type and refresh_token are expected');
      return { kind: 'refresh', secret: refreshToken };
    }
    case 'authorization_code': {
      const code = form.get('code');
      if (code === null || code === '') return malformed('code is missing');
      const redirectUri = form.get('redirect_uri');
      if (redirectUri === null) return malformed('redirect_uri is missing');
      return { kind: 'login', secret: code, redirectUri, wellFormed: names === 'code grant_type redirect_uri' };
    }
    default:
      return { kind: 'malformed', error: 'unsupported_grant_type', description: 'unknown grant_type' };
  }
}
