import type { TokenSet } from '@token-relay/tokens';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { readRecord, writeRecord } from './token-record.ts';

const login = 1_762_983_055_000;
const unissued: TokenSet = {
  accessToken: 'access-1',
  refreshToken: 'refresh-1',
  loginAtMs: login,
  expiresAtMs: login + 60_000 + 1_800_000,
  idToken: 'id-1',
  tokenType: 'Bearer',
  scope: 'api',
  origin: { host: 'a', revision: 3 },
  otherMembers: { file: { note: 'kept' }, token: { extra: [1] } },
};
const whole: TokenSet = { ...unissued, issuedAtMs: login + 60_000 };
const writtenAtMs = login + 90_000;

test('where clocks agree, a set arrives as it was, with all that its file has', () => {
  expect(readRecord(writeRecord(whole, writtenAtMs), 700, writtenAtMs + 700)).toEqual(whole);
});

test('whatever the clocks say, a token has as long to live there as here; the time of its login stays as it is', () => {
  const span = fc.integer({ min: -3_600_000, max: 3_600_000 });
  fc.assert(
    fc.property(span, fc.integer({ min: 0, max: 86_400_000 }), (aheadMs, agoMs) => {
      const theirNowMs = writtenAtMs + agoMs + aheadMs;
      expect(readRecord(writeRecord(whole, writtenAtMs), agoMs, theirNowMs)).toEqual({
        ...whole,
        issuedAtMs: login + 60_000 + aheadMs,
        expiresAtMs: login + 60_000 + 1_800_000 + aheadMs,
      });
    }),
  );
});

test('without a time of issue the expiry travels as an age, too', () => {
  const read = readRecord(writeRecord(unissued, writtenAtMs), 0, writtenAtMs + 60_000);
  expect(read).toEqual({ ...unissued, expiresAtMs: login + 1_860_000 + 60_000 });
});

test('what is not known is not known there either', () => {
  const bare = { refreshToken: 'refresh-1', loginAtMs: login };
  const read = readRecord(writeRecord(bare, writtenAtMs), 0, writtenAtMs);
  expect(read).toMatchObject(bare);
  expect(read).not.toHaveProperty('issuedAtMs');
  expect(read).not.toHaveProperty('expiresAtMs');
  expect(read).not.toHaveProperty('origin');
});

const tokens = (JSON.parse(writeRecord(whole, writtenAtMs)) as { tokens: string }).tokens;

test.each([
  ['nothing', ''],
  ['no JSON', '{'],
  ['another version', JSON.stringify({ version: 2, tokens })],
  ['no tokens', JSON.stringify({ version: 1 })],
  ['tokens that cannot be read', JSON.stringify({ version: 1, tokens: '[]' })],
  ['an age without an end', JSON.stringify({ version: 1, age_ms: 1e13, lifetime_ms: 1, tokens })],
  ['a lifetime below nothing', JSON.stringify({ version: 1, age_ms: 0, lifetime_ms: -1, tokens })],
  ['an age that is text', JSON.stringify({ version: 1, age_ms: '0', tokens })],
])('a record with %s is none', (_, text) => {
  expect(readRecord(text, 0, writtenAtMs)).toBeUndefined();
});

test('a record whose times fall out of all time by the clock here is none', () => {
  expect(readRecord(writeRecord(whole, writtenAtMs), 0, 0)).toBeUndefined();
});

test('members of a later version beside ours do no harm', () => {
  const record = JSON.parse(writeRecord(whole, writtenAtMs)) as object;
  expect(readRecord(JSON.stringify({ ...record, later: true }), 0, writtenAtMs)).toEqual(whole);
});

test('what was on its way for long is as old as it is: the store tells the time to who seals it and who opens it', () => {
  const sealedAt = 5_000;
  const sealed = writeRecord(whole, writtenAtMs, sealedAt);
  // Stored 9 s after it was sealed, and read 1 s after that.
  expect(readRecord(sealed, 1_000, writtenAtMs + 10_000, sealedAt + 10_000)).toEqual(whole);
  // A store's clock that was set since says nothing: then it is as old as it was stored.
  for (const storeNowMs of [sealedAt + 86_400_000, sealedAt - 86_400_000, undefined])
    expect(readRecord(sealed, 1_000, writtenAtMs + 1_000, storeNowMs)).toEqual(whole);
});
