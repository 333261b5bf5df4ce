/** Sends a request to the token endpoint. The only place that speaks to Schwab. */
import type { HttpAnswer } from './token-answer.ts';
import type { TokenRequest } from './token-request.ts';

/** No answer of the token endpoint is larger; a larger one is not read to its end. */
const MAX_ANSWER_BYTES = 256 * 1024;

export type Exchange =
  | { readonly kind: 'answer'; readonly answer: HttpAnswer }
  /** No complete answer came; `reason` names the host and the fault, never what was sent. */
  | { readonly kind: 'fault'; readonly reason: string };

/**
 * Posts the form and resolves with the whole answer, whatever its status, or with the fault; never rejects.
 * @param timeoutMs from the first byte sent to the last received; afterwards the request is given up.
 */
export async function postForm(request: TokenRequest, timeoutMs: number): Promise<Exchange> {
  const deadline = AbortSignal.timeout(timeoutMs);
  try {
    // A file of its own beside the daemon's, which may be out of reach for a moment.
    const { create } = await import('axios');
    const response = await create().request<unknown>({
      url: request.url,
      method: 'POST',
      headers: { ...request.headers },
      data: request.body,
      adapter: 'http',
      // Loopback, the only place where http: is allowed, is not reached through a proxy: it would read along.
      ...(request.url.startsWith('http:') ? { proxy: false } : {}),
      responseType: 'text',
      transformResponse: (body: unknown) => body,
      validateStatus: () => true,
      maxRedirects: 0,
      maxContentLength: MAX_ANSWER_BYTES,
      signal: deadline,
    });
    const retryAfter: unknown = response.headers['retry-after'];
    return {
      kind: 'answer',
      answer: {
        status: response.status,
        retryAfter: typeof retryAfter === 'string' ? retryAfter : undefined,
        body: typeof response.data === 'string' ? response.data : '',
      },
    };
  } catch (error) {
    // An AxiosError carries the request with its header and body: only its code leaves this function.
    const code = error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : 'unknown';
    return { kind: 'fault', reason: describeFault(new URL(request.url).host, code, deadline.aborted, timeoutMs) };
  }
}

function describeFault(host: string, code: string, timedOut: boolean, timeoutMs: number): string {
  if (timedOut) return `no complete answer from ${host} within ${timeoutMs / 1_000} s`;
  switch (code) {
    case 'ENOTFOUND':
    case 'EAI_AGAIN':
      return `the address of ${host} cannot be found (${code}); is the network up?`;
    case 'ECONNREFUSED':
    case 'EHOSTUNREACH':
    case 'ENETUNREACH':
    case 'ETIMEDOUT':
      return `${host} cannot be reached (${code}); is the network up?`;
    case 'ECONNRESET':
    case 'EPIPE':
    case 'ERR_BAD_RESPONSE':
      return `the answer of ${host} was cut off, unreadable or too long (${code})`;
    default:
      return /CERT|TLS|SSL|SELF_SIGNED|ALTNAME/.test(code)
        ? `the TLS connection to ${host} cannot be trusted (${code}); check the clock and what stands between`
        : `the request to ${host} failed (${code})`;
  }
}
