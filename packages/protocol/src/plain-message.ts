import { FIRST_MILLISECOND_VALUE, parseInstant } from './instant.ts';
import type { ParsedMessage } from './message.ts';

/**
 * Whether every string in a JSON text is printable ASCII, 0x20 to 0x7e, told from the text as a whole: it has no character of more than one
 * byte of UTF-8, no DEL and no escape, and JSON forbids all other control characters (RFC 8259, section 7). To find two characters costs far
 * less than to look at every one of a token.
 *
 * @param size of the text in UTF-8, bytes
 */
export function isPlainText(text: string, size: number): boolean {
  return text.length === size && !text.includes('\\') && !text.includes('\x7f');
}

/**
 * Reads a message as nearly every sender writes it, from an `isPlainText`: what `parseTokenMessage` would say, at a fraction of its cost.
 * Undefined for any other message, which is for the schema to judge.
 */
export function parsePlainMessage(value: unknown): ParsedMessage | undefined {
  if (typeof value !== 'object' || value === null || !('access_token' in value && 'expires_at' in value))
    return undefined;
  const { access_token: accessToken, expires_at: expiresAt } = value;
  if (typeof accessToken !== 'string' || accessToken === '') return undefined;
  if (typeof expiresAt !== 'number' || expiresAt >= FIRST_MILLISECOND_VALUE) return undefined;
  const expiresAtMs = parseInstant(expiresAt);
  if (expiresAtMs === undefined) return undefined;
  const refreshToken = 'refresh_token' in value ? value.refresh_token : '';
  if (typeof refreshToken !== 'string') return undefined;
  const message = refreshToken === '' ? { accessToken, expiresAtMs } : { accessToken, refreshToken, expiresAtMs };
  return { ok: true, message, expiryNotation: 'seconds' };
}
