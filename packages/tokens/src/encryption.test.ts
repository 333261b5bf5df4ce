import fc from 'fast-check';
import { expect, test } from 'vitest';
import { decryptText, encryptionKeyId, encryptText } from './encryption.ts';

const KEY = new Uint8Array(32).fill(7);
const OTHER_KEY = new Uint8Array(32).fill(8);
type Encrypted = Record<'token_relay_encrypted' | 'cipher' | 'key_id' | 'iv' | 'tag' | 'data', string>;
const encrypted = (text = 'SECRET'): Encrypted => JSON.parse(encryptText(text, KEY)) as Encrypted;

test('what is encrypted is what is decrypted', () => {
  fc.assert(
    fc.property(fc.string(), fc.uint8Array({ minLength: 32, maxLength: 32 }), (text, key) => {
      expect(decryptText(encryptText(text, key), key)).toEqual({ status: 'decrypted', text });
    }),
  );
});

test('the file names its cipher and key, and hides the rest', () => {
  const text = encryptText('SECRET', KEY);
  expect(text).not.toContain('SECRET');
  expect(encrypted()).toMatchObject({
    token_relay_encrypted: 1,
    cipher: 'aes-256-gcm',
    key_id: encryptionKeyId(KEY),
  });
});

test('every save has its own initialisation vector', () => {
  const vectors = new Set(Array.from({ length: 100 }, () => encrypted().iv));
  expect(vectors.size).toBe(100);
  expect(Buffer.from(encrypted().iv, 'base64')).toHaveLength(12);
});

test('without the key, or with another, it says which key is wanted', () => {
  const keyId = encryptionKeyId(KEY);
  const text = encryptText('SECRET', KEY);
  expect(decryptText(text, undefined)).toEqual({ status: 'no_key', keyId });
  expect(decryptText(text, OTHER_KEY)).toEqual({ status: 'other_key', keyId, ours: encryptionKeyId(OTHER_KEY) });
});

test.each(['iv', 'tag', 'data'] as const)('every changed byte of %s is noticed', (member) => {
  const whole = encrypted();
  const bytes = Buffer.from(whole[member], 'base64');
  for (let index = 0; index < bytes.length; index += 1) {
    const changed = Buffer.from(bytes);
    changed[index] = (changed[index] ?? 0) ^ 1;
    const text = JSON.stringify({ ...whole, [member]: changed.toString('base64') });
    expect(decryptText(text, KEY)).toEqual({ status: 'damaged' });
  }
});

test.each([
  ['a shorter tag', { tag: Buffer.alloc(4).toString('base64') }],
  ['a longer vector', { iv: Buffer.alloc(16).toString('base64') }],
  ['no vector', { iv: undefined }],
  ['data that is not base64', { data: '!' }],
  ['a key id that is none', { key_id: 'SECRET' }],
])('%s is damage', (_what, change) => {
  expect(decryptText(JSON.stringify({ ...encrypted(), ...change }), KEY)).toEqual({ status: 'damaged' });
});

test.each([{ token_relay_encrypted: 2 }, { cipher: 'rot13' }])('%j is of a later version, not damage', (change) => {
  expect(decryptText(JSON.stringify({ ...encrypted(), ...change }), KEY)).toEqual({ status: 'unknown_kind' });
});

test.each(['', 'SECRET', '{"token":{}}', 'null', encryptText('SECRET', KEY).slice(0, -5)])(
  'a text that does not say that it is encrypted is not: %s',
  (text) => {
    expect(decryptText(text, KEY)).toEqual({ status: 'not_encrypted' });
  },
);
