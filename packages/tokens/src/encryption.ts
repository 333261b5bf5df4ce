import { createCipheriv, createDecipheriv, createHash, randomBytes } from 'node:crypto';
import * as z from 'zod/mini';

/** Bytes of a key: AES-256. */
export const ENCRYPTION_KEY_BYTES = 32;
/** NIST SP 800-38D, 8.2.1: a random initialisation vector has 96 bits. */
const IV_BYTES = 12;
const TAG_BYTES = 16;
const VERSION = 1;
const CIPHER = 'aes-256-gcm';

/** What became of a text that may be encrypted. `keyId` is of the key that it was encrypted with. */
export type Decrypted =
  | { readonly status: 'not_encrypted' }
  | { readonly status: 'decrypted'; readonly text: string }
  | { readonly status: 'no_key'; readonly keyId: string }
  | { readonly status: 'other_key'; readonly keyId: string; readonly ours: string }
  | { readonly status: 'unknown_kind' }
  | { readonly status: 'damaged' };

/** How a key is named in files and messages: the first 8 hex digits of its SHA-256. */
export function encryptionKeyId(key: Uint8Array): string {
  return createHash('sha256').update(key).digest('hex').slice(0, 8);
}

/** The text encrypted under a key of 32 bytes with AES-256-GCM, as one line of JSON. No two results are the same. */
export function encryptText(text: string, key: Uint8Array): string {
  const keyId = encryptionKeyId(key);
  const iv = randomBytes(IV_BYTES);
  const cipher = createCipheriv(CIPHER, key, iv, { authTagLength: TAG_BYTES });
  cipher.setAAD(Buffer.from(JSON.stringify(headerOf(keyId))));
  const data = Buffer.concat([cipher.update(text, 'utf8'), cipher.final()]);
  const body = { iv: toBase64(iv), tag: toBase64(cipher.getAuthTag()), data: toBase64(data) };
  return `${JSON.stringify({ ...headerOf(keyId), ...body })}\n`;
}

const marked = z.looseObject({ token_relay_encrypted: z.unknown() });
const known = z.looseObject({ token_relay_encrypted: z.literal(VERSION), cipher: z.literal(CIPHER) });
const base64 = z.string().check(z.regex(/^[A-Za-z0-9+/]*={0,2}$/));
const encryptedText = z.looseObject({
  key_id: z.string().check(z.regex(/^[0-9a-f]{8}$/)),
  iv: base64,
  tag: base64,
  data: base64,
});

/** Reads what {@link encryptText} made. Text that does not say that it is encrypted is `not_encrypted`. */
export function decryptText(text: string, key: Uint8Array | undefined): Decrypted {
  const value = jsonOf(text);
  if (!z.safeParse(marked, value).success) return { status: 'not_encrypted' };
  if (!z.safeParse(known, value).success) return { status: 'unknown_kind' };
  const parsed = z.safeParse(encryptedText, value);
  if (!parsed.success) return { status: 'damaged' };
  const keyId = parsed.data.key_id;
  if (key === undefined) return { status: 'no_key', keyId };
  const ours = encryptionKeyId(key);
  if (keyId !== ours) return { status: 'other_key', keyId, ours };
  const plain = decipher(key, keyId, parsed.data);
  return plain === undefined ? { status: 'damaged' } : { status: 'decrypted', text: plain };
}

function decipher(key: Uint8Array, keyId: string, encrypted: z.infer<typeof encryptedText>): string | undefined {
  const iv = Buffer.from(encrypted.iv, 'base64');
  const tag = Buffer.from(encrypted.tag, 'base64');
  if (iv.length !== IV_BYTES || tag.length !== TAG_BYTES) return undefined;
  const opened = createDecipheriv(CIPHER, key, iv, { authTagLength: TAG_BYTES });
  opened.setAAD(Buffer.from(JSON.stringify(headerOf(keyId))));
  opened.setAuthTag(tag);
  const data = opened.update(Buffer.from(encrypted.data, 'base64'));
  try {
    return Buffer.concat([data, opened.final()]).toString('utf8');
  } catch {
    return undefined;
  }
}

/** What is authenticated along with the text, though it can be read without the key. */
function headerOf(keyId: string): { token_relay_encrypted: number; cipher: string; key_id: string } {
  return { token_relay_encrypted: VERSION, cipher: CIPHER, key_id: keyId };
}

function toBase64(bytes: Buffer): string {
  return bytes.toString('base64');
}

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
