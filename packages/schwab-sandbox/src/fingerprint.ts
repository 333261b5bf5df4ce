import { createHash } from 'node:crypto';

/** How a secret appears in records: the first 8 hex digits of its SHA-256. */
export function fingerprint(secret: string): string {
  return createHash('sha256').update(secret).digest('hex').slice(0, 8);
}
