/** The address where a user logs in (RFC 6749 §4.1.1, SCHWAB.md "Endpoints"). Pure. */

export interface AuthorizeRequest {
  /** The endpoint; a query that it has is kept. */
  readonly endpoint: string;
  readonly appKey: string;
  /** As it is registered at Schwab, byte for byte. */
  readonly callbackUrl: string;
  readonly state: string;
}

export function authorizeUrl({ endpoint, appKey, callbackUrl, state }: AuthorizeRequest): string {
  const url = new URL(endpoint);
  url.searchParams.set('response_type', 'code');
  url.searchParams.set('client_id', appKey);
  url.searchParams.set('redirect_uri', callbackUrl);
  url.searchParams.set('state', state);
  return url.href;
}

/** What ties a redirect to the attempt that it belongs to (RFC 6749 §10.12): 128 random bits. */
export function newState(random: (bytes: number) => Uint8Array): string {
  return Buffer.from(random(16)).toString('base64url');
}
