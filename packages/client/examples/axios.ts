import type { TokenClient } from '@token-relay/client';
import axios, { type AxiosInstance } from 'axios';

/**
 * Adds the token to the requests of this instance for one origin and to no other. A request that is answered with 401 is
 * repeated once, if a newer token comes within 5 seconds.
 */
export function addToken(api: AxiosInstance, tokens: TokenClient, origin: string): void {
  api.interceptors.request.use(async (config) => {
    // An absolute address overrides baseURL: it may lead anywhere.
    if (new URL(api.getUri(config), origin).origin !== origin) return config;
    const token = await tokens.getAccessToken(config.signal instanceof AbortSignal ? { signal: config.signal } : {});
    config.headers.set('Authorization', `Bearer ${token}`);
    config.beforeRedirect = (next) => {
      const { href = '', headers }: { href?: string; headers?: Record<string, string> } = next;
      if (URL.parse(href)?.origin === origin) return;
      // Older versions of axios keep it for a subdomain. A 401 from elsewhere is not about the token either.
      delete headers?.['Authorization'];
      config.headers.delete('Authorization');
    };
    return config;
  });

  // Without interceptors: what is repeated is not repeated again.
  const once = axios.create();
  api.interceptors.response.use(undefined, async (error: unknown) => {
    if (!axios.isAxiosError(error) || error.response?.status !== 401 || error.config === undefined) throw error;
    const { config } = error;
    const refused = /^Bearer (.+)$/.exec(String(config.headers.get('Authorization')))?.[1];
    if (refused === undefined || isStream(config.data)) throw error;
    const newer = await tokens.newerToken(refused);
    if (newer === undefined) throw error;
    config.headers.set('Authorization', `Bearer ${newer}`);
    return once.request(config);
  });
}

/** What is read while it is sent cannot be sent again. */
function isStream(data: unknown): boolean {
  return typeof data === 'object' && data !== null && Symbol.asyncIterator in data;
}
