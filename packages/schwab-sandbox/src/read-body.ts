import type { IncomingMessage } from 'node:http';

export type ReadBody = { status: 'complete'; text: string } | { status: 'too_large' } | { status: 'gone' };

/** `too_large` above `maxBytes`, the rest read and forgotten, so that the client gets its answer; `gone` when the client left before the end. Never rejects. */
export function readBody(request: IncomingMessage, maxBytes: number): Promise<ReadBody> {
  return new Promise((resolve) => {
    const chunks: Buffer[] = [];
    let size = 0;
    request.on('data', (chunk: Buffer) => {
      size += chunk.byteLength;
      if (size <= maxBytes) chunks.push(chunk);
    });
    request.once('end', () => {
      if (size > maxBytes) resolve({ status: 'too_large' });
      else resolve({ status: 'complete', text: Buffer.concat(chunks).toString('utf8') });
    });
    request.on('error', () => resolve({ status: 'gone' }));
    request.once('close', () => resolve({ status: 'gone' }));
  });
}
