import type { IncomingMessage } from 'node:http';

/** Node calls a request complete when it has looked behind its head, which for one without a body is after we were asked. */
export function isWhole({ complete, headers }: IncomingMessage): boolean {
  return complete || (headers['content-length'] === undefined && headers['transfer-encoding'] === undefined);
}
