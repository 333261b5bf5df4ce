/** Whether a request comes from this page in this browser, or from elsewhere. Pure. */

/** The header fields that decide. */
export interface GuardedRequest {
  readonly method: string | undefined;
  readonly host: string | undefined;
  readonly origin: string | undefined;
  /** `Sec-Fetch-Site`, which pages cannot forge: `same-origin`, `same-site`, `cross-site`, `none`. */
  readonly fetchSite: string | undefined;
  /** `Sec-Fetch-Mode`; `navigate` for a link that was followed. */
  readonly fetchMode: string | undefined;
}

export type GuardVerdict =
  { readonly kind: 'allowed' } | { readonly kind: 'refused'; readonly status: 403 | 421; readonly reason: string };

/**
 * A name that was made to point at this machine (DNS rebinding) shows in `Host`; another site's page shows in `Origin` and
 * `Sec-Fetch-Site`. A page of another port of this machine is another site here.
 *
 * @param port that the server listens on
 */
export function guard(request: GuardedRequest, port: number): GuardVerdict {
  const { method, host, origin, fetchSite, fetchMode } = request;
  const hosts = ['127.0.0.1', 'localhost', '[::1]'].map((name) => (port === 80 ? name : `${name}:${port}`));
  if (host === undefined || !hosts.includes(host.toLowerCase())) {
    return {
      kind: 'refused',
      status: 421,
      reason: `This page answers only at http://127.0.0.1:${port}/. A tunnel to it must have the same port at both ends.`,
    };
  }
  const isChange = method !== 'GET' && method !== 'HEAD';
  const isOwnOrigin = origin === `http://${host.toLowerCase()}`;
  if (isChange ? !isOwnOrigin : origin !== undefined && !isOwnOrigin) return otherSite;
  const isFollowedLink = !isChange && fetchMode === 'navigate';
  if (fetchSite !== undefined && fetchSite !== 'same-origin' && fetchSite !== 'none' && !isFollowedLink)
    return otherSite;
  return { kind: 'allowed' };
}

const otherSite: GuardVerdict = {
  kind: 'refused',
  status: 403,
  reason: 'This was asked for by a page of another site, and is not done.',
};
