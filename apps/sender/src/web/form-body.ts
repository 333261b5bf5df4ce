/** Reads what a form of the page has sent. */
import type { IncomingMessage } from 'node:http';

const MAX_BODY_BYTES = 8192;

export type FormBody =
  | { readonly kind: 'form'; readonly fields: URLSearchParams }
  | { readonly kind: 'refused'; readonly status: 413 | 415; readonly reason: string };

/** Resolves to undefined if the browser goes away meanwhile. */
export async function readForm(request: IncomingMessage): Promise<FormBody | undefined> {
  if (!/^application\/x-www-form-urlencoded\s*(;|$)/i.test(request.headers['content-type'] ?? '')) {
    return { kind: 'refused', status: 415, reason: 'Only the forms of the page are understood here.' };
  }
  const chunks: Buffer[] = [];
  let bytes = 0;
  try {
    for await (const chunk of chunksOf(request)) {
      bytes += chunk.length;
      if (bytes > MAX_BODY_BYTES) {
        return { kind: 'refused', status: 413, reason: `More than ${MAX_BODY_BYTES} bytes were sent.` };
      }
      chunks.push(chunk);
    }
  } catch {
    return undefined;
  }
  return { kind: 'form', fields: new URLSearchParams(Buffer.concat(chunks).toString('utf8')) };
}

/** Ends early without closing the connection, so that the answer can still be sent; Node types the chunks as `any`. */
function chunksOf(request: IncomingMessage): AsyncIterable<Buffer> {
  return request.iterator({ destroyOnReturn: false });
}
