import { describe, expect, test } from 'vitest';
import { fingerprint } from './fingerprint.ts';
import { assertTokenSet, isExpiredAt, withAccessToken, withMembersOf } from './token-set.ts';

describe('an access token counts as expired', () => {
  test.each([
    ['when nothing is held', undefined, 0, true],
    ['when there is none', { expiresAtMs: 9_000_000 }, 0, true],
    ['when its expiry is unknown', { accessToken: 'a' }, 0, true],
    ['not a millisecond before the buffer', { accessToken: 'a', expiresAtMs: 1_300_001 }, 1_000_000, false],
    ['at the buffer', { accessToken: 'a', expiresAtMs: 1_300_000 }, 1_000_000, true],
    ['after its expiry', { accessToken: 'a', expiresAtMs: 900_000 }, 1_000_000, true],
  ])('%s', (_when, tokenSet, nowMs, expected) => {
    expect(isExpiredAt(tokenSet, nowMs, 300_000)).toBe(expected);
  });
});

test.each([
  { accessToken: '' },
  { accessToken: 'two\nlines' },
  { refreshToken: 'ü' },
  { expiresAtMs: Number.NaN },
  { loginAtMs: -1 },
  { issuedAtMs: 8.64e15 + 1 },
])('a set that no file could hold is refused without quoting it: %j', (tokenSet) => {
  expect(() => {
    assertTokenSet(tokenSet);
  }).toThrow(expect.objectContaining({ code: 'token_invalid', message: expect.not.stringContaining('two') as string }));
});

test('the unknown members of both sets are kept, and the newer ones win', () => {
  const ours = { otherMembers: { file: { note: 'ours', a: 1 }, token: {} } };
  const theirs = { otherMembers: { file: { note: 'theirs' }, token: { b: 2 } } };
  expect(withMembersOf(ours, theirs).otherMembers).toEqual({ file: { note: 'theirs', a: 1 }, token: { b: 2 } });
  expect(withMembersOf(ours, undefined)).toBe(ours);
});

test('another access token does not inherit the times of the one before', () => {
  const tokenSet = { accessToken: 'a', refreshToken: 'r', expiresAtMs: 2, issuedAtMs: 1, loginAtMs: 1 };
  expect(withAccessToken(tokenSet, 'b', undefined)).toEqual({ accessToken: 'b', refreshToken: 'r', loginAtMs: 1 });
});

test('a fingerprint is the first 8 hex digits of the SHA-256', () => {
  expect(fingerprint('abc')).toBe('ba7816bf');
});
