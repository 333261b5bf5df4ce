import type { TokenClient } from '@token-relay/client';

/**
 * A `fetch` that adds the token to requests for one origin and to no other. A request that is answered with 401 is repeated once,
 * if a newer token comes within 5 seconds.
 */
export function fetchWithToken(tokens: TokenClient, origin: string): typeof fetch {
  return async (input, init) => {
    const url = input instanceof Request ? input.url : String(input);
    if (new URL(url).origin !== origin) return fetch(input, init);

    const signal = init?.signal ?? (input instanceof Request ? input.signal : undefined);
    const send = (token: string): Promise<Response> => {
      const headers = new Headers(init?.headers ?? (input instanceof Request ? input.headers : undefined));
      headers.set('Authorization', `Bearer ${token}`);
      // Redirected to another origin, fetch drops the header by itself.
      return fetch(input instanceof Request ? input.clone() : input, { ...init, headers });
    };

    const token = await tokens.getAccessToken(signal ? { signal } : {});
    const response = await send(token);
    const isOurs = new URL(response.url).origin === origin;
    if (response.status !== 401 || !isOurs || isStream(init?.body)) return response;
    const newer = await tokens.newerToken(token, signal ? { signal } : {});
    if (newer === undefined) return response;
    await response.body?.cancel();
    return send(newer);
  };
}

/** What is read while it is sent cannot be sent again. */
function isStream(body: unknown): boolean {
  return typeof body === 'object' && body !== null && Symbol.asyncIterator in body;
}
