import { createHash } from 'node:crypto';

/** How a token appears in logs: the first 8 hex digits of its SHA-256. */
export function fingerprint(token: string): string {
  return createHash('sha256').update(token).digest('hex').slice(0, 8);
}
