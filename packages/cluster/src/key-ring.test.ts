import { encryptionKeyId, encryptText } from '@token-relay/tokens';
import { expect, test } from 'vitest';
import { keyRing } from './key-ring.ts';

const [old, fresh, third] = [1, 2, 3].map((byte) => new Uint8Array(32).fill(byte)) as [
  Uint8Array,
  Uint8Array,
  Uint8Array,
];

test('a key is changed host by host: each ring on the way opens what the one before and after it seals', () => {
  const steps = [keyRing([old]), keyRing([old, fresh]), keyRing([fresh, old]), keyRing([fresh])];
  for (const [index, ring] of steps.entries()) {
    for (const beside of steps.slice(Math.max(0, index - 1), index + 2))
      expect(ring.open(beside.seal('made up'))).toEqual({ kind: 'opened', text: 'made up', keyId: beside.keyId });
  }
});

test('the first key seals, and names the ring', () => {
  const ring = keyRing([fresh, old]);
  expect(ring.keyId).toBe(encryptionKeyId(fresh));
  expect(keyRing([fresh]).open(ring.seal('made up'))).toMatchObject({ kind: 'opened' });
  expect(keyRing([old]).open(ring.seal('made up'))).toMatchObject({ kind: 'other_key' });
});

test('what another key sealed says which one, and which are ours', () => {
  expect(keyRing([old, fresh]).open(encryptText('made up', third))).toEqual({
    kind: 'other_key',
    keyId: encryptionKeyId(third),
    ours: [encryptionKeyId(old), encryptionKeyId(fresh)],
  });
});

test.each([
  ['nothing', ''],
  ['text', 'somebody else’s'],
  ['JSON of somebody else', '{"kind":"order","id":7}'],
  ['a token set in the clear', '{"version":1,"tokens":"{}"}'],
])('%s is foreign, with one key and with two', (_, text) => {
  expect(keyRing([old]).open(text)).toEqual({ kind: 'foreign' });
  expect(keyRing([old, fresh]).open(text)).toEqual({ kind: 'foreign' });
});

test('what was changed on its way is foreign, whichever of our keys it is sealed with', () => {
  for (const key of [old, fresh]) {
    const sealed = JSON.parse(encryptText('made up', key)) as { data: string };
    const data = Buffer.from(sealed.data, 'base64');
    data[0] = (data[0] ?? 0) ^ 1;
    const changed = JSON.stringify({ ...sealed, data: data.toString('base64') });
    expect(keyRing([old, fresh]).open(changed)).toEqual({ kind: 'foreign' });
  }
});

test('nothing of the text can be read in what is sealed', () => {
  expect(keyRing([old]).seal('made-up-token')).not.toContain('made-up-token');
});
