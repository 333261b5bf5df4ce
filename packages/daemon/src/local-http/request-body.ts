import type { IncomingMessage } from 'node:http';

/** Reads a body to its end. `done` is not called if the client goes away in between. */
export function readBody(
  request: IncomingMessage,
  { maxBytes, keep }: { maxBytes: number; keep: boolean },
  done: (body: Buffer | undefined | 'too_large') => void,
): void {
  let bytes = 0;
  let decided = false;
  const kept: Buffer[] = [];
  const decide = (body: Buffer | undefined | 'too_large'): void => {
    if (decided) return;
    decided = true;
    done(body);
  };
  if (request.readableEnded) {
    decide(undefined);
    return;
  }
  if (Number(request.headers['content-length'] ?? 0) > maxBytes) {
    request.resume();
    decide('too_large');
    return;
  }
  request.on('data', (chunk: Buffer) => {
    bytes += chunk.length;
    if (bytes > maxBytes) decide('too_large');
    else if (keep) kept.push(chunk);
  });
  request.on('end', () => decide(keep ? Buffer.concat(kept) : undefined));
  request.on('error', () => undefined);
}
