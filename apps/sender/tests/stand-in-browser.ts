/** As much of a browser as a login needs: follows redirects one by one, and takes any certificate. */
import { request as overHttp } from 'node:http';
import { request as overHttps, type RequestOptions } from 'node:https';

export interface Visit {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly location: string | undefined;
  readonly text: string;
}

export function visit(address: string, options: RequestOptions = {}): Promise<Visit> {
  const { promise, resolve, reject } = Promise.withResolvers<Visit>();
  const send = address.startsWith('https:') ? overHttps : overHttp;
  const request = send(address, { agent: false, rejectUnauthorized: false, ...options }, (response) => {
    let text = '';
    response.on('data', (chunk: Buffer) => (text += chunk.toString()));
    response.on('end', () => {
      const { statusCode: status = 0, headers } = response;
      const location = headers.location === undefined ? undefined : new URL(headers.location, address).href;
      resolve({ status, headers, location, text });
    });
    response.on('error', reject);
  });
  request.on('error', reject);
  request.end();
  return promise;
}

/** Goes where the sandbox sends a browser that has logged in: the redirect to the callback. */
export async function redirectAfterLogin(authorizeUrl: string): Promise<string> {
  const { location, text } = await visit(authorizeUrl);
  if (location === undefined) throw new Error(`no redirect, but: ${text}`);
  return location;
}

/** Follows the redirect to the callback, to the page where the browser stays. */
export async function land(redirect: string): Promise<Visit & { readonly address: string }> {
  const first = await visit(redirect);
  if (first.location === undefined) return { ...first, address: redirect };
  return { ...(await visit(first.location)), address: first.location };
}
