import { describe, expect, test } from 'vitest';
import { adopted, isNewerLogin, judgeDisk, overwritesUnseenLogin } from './newest-login.ts';

const withoutLogin = { accessToken: 'ours', refreshToken: 'r1', expiresAtMs: 500_000 };
const held = { ...withoutLogin, loginAtMs: 10_000 };

describe('what is found on disk', () => {
  test.each([
    ['anything is taken when nothing is held', undefined, { accessToken: 'x' }, 'adopted'],
    ['a newer login is taken', held, { refreshToken: 'r2', loginAtMs: 11_000 }, 'adopted'],
    [
      'a newer login is taken though its token expires earlier',
      held,
      { accessToken: 'x', loginAtMs: 11_000, expiresAtMs: 1 },
      'adopted',
    ],
    [
      'an older login is not taken, whatever its expiry',
      held,
      { accessToken: 'x', loginAtMs: 9_000, expiresAtMs: 9e9 },
      'older',
    ],
    ['the same token is nothing new', held, held, 'unchanged'],
    ['milliseconds of the login are not on disk and do not count', { ...held, loginAtMs: 10_999 }, held, 'unchanged'],
    ['a later token of the same login is taken', held, { ...held, accessToken: 'x', expiresAtMs: 500_001 }, 'adopted'],
    [
      'an earlier token of the same login is not taken',
      held,
      { ...held, accessToken: 'x', expiresAtMs: 499_999 },
      'older',
    ],
    ['a token of unknown expiry is not taken', held, { accessToken: 'x', loginAtMs: 10_000 }, 'older'],
    ['a known login time is taken over an unknown one', withoutLogin, { ...held, expiresAtMs: 1 }, 'adopted'],
    ['a later token without a login time is taken', held, { accessToken: 'x', expiresAtMs: 500_001 }, 'adopted'],
    [
      'a set without an access token is not taken for a later one',
      held,
      { refreshToken: 'r1', expiresAtMs: 9e9 },
      'older',
    ],
  ] as const)('%s', (_rule, ours, onDisk, verdict) => {
    expect(judgeDisk(ours, onDisk)).toBe(verdict);
  });

  test('it keeps our login time if it has none and our refresh token', () => {
    const onDisk = { accessToken: 'x', refreshToken: 'r1', expiresAtMs: 500_001 };
    expect(adopted(held, onDisk)).toEqual({ ...onDisk, loginAtMs: 10_000 });
    expect(adopted(held, { ...onDisk, refreshToken: 'r2' })).not.toHaveProperty('loginAtMs');
  });
});

describe('a save', () => {
  const newer = { refreshToken: 'r2', loginAtMs: 20_000 };
  test.each([
    ['overwrites an older login', { loginAtMs: 5_000 }, held, undefined, false],
    ['overwrites its own login', held, held, undefined, false],
    ['does not overwrite a newer login', newer, held, held, true],
    ['does not overwrite a login when its own is unknown', newer, { refreshToken: 'r' }, undefined, true],
    ['overwrites a newer login that we have read, because that is meant', newer, held, newer, false],
  ])('%s', (_rule, onDisk, next, seen, refused) => {
    expect(overwritesUnseenLogin(onDisk, next, seen)).toBe(refused);
  });
});

test('an unknown login time is never newer', () => {
  expect(isNewerLogin({ refreshToken: 'x' }, held)).toBe(false);
});
