/** The refresh request (RFC 6749 §6, SCHWAB.md "Endpoints"): made here, sent by token-endpoint.ts. */

export interface AppCredentials {
  readonly appKey: string;
  readonly appSecret: string;
}

export interface TokenRequest {
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  /** `application/x-www-form-urlencoded` */
  readonly body: string;
}

/** HTTP Basic authentication with the app's key and secret; the body holds the grant and the refresh token only. */
export function refreshRequest(tokenUrl: string, app: AppCredentials, refreshToken: string): TokenRequest {
  const credentials = Buffer.from(`${app.appKey}:${app.appSecret}`, 'utf8').toString('base64');
  return {
    url: tokenUrl,
    headers: {
      Authorization: `Basic ${credentials}`,
      'Content-Type': 'application/x-www-form-urlencoded',
      Accept: 'application/json',
      'Accept-Encoding': 'gzip, deflate',
    },
    body: new URLSearchParams({ grant_type: 'refresh_token', refresh_token: refreshToken }).toString(),
  };
}
