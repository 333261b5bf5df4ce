/** A server-sent event, as bytes that all readers share. Pure. */
import type { TokenView } from './token-schemas.ts';

/** The same bytes, framed as a chunk of HTTP/1.1 and not. */
export interface Frame {
  readonly chunk: Buffer;
  readonly bare: Buffer;
}

export const HEARTBEAT: Frame = frameOf(': heartbeat\n\n');
/** For one who is not sent a token at once: that the stream has begun. */
export const NOTHING_YET: Frame = frameOf(': connected\n\n');
/** Ends a stream that is made of chunks. */
export const LAST_CHUNK: Buffer = Buffer.from('0\r\n\r\n');

export function tokenEvent(view: TokenView): Frame {
  return frameOf(`event: token\nid: ${view.generation}\ndata: ${JSON.stringify(view)}\n\n`);
}

function frameOf(text: string): Frame {
  const size = Buffer.byteLength(text).toString(16);
  const chunk = Buffer.from(`${size}\r\n${text}\r\n`);
  return { chunk, bare: chunk.subarray(size.length + 2, -2) };
}
