import { describe, expect, test } from 'vitest';
import { adopted, isNewerLogin, judgeDisk, overwritesUnseenLogin, type DiskVerdict } from './newest-login.ts';
import type { TokenSet } from './token-set.ts';

const withoutLogin = { accessToken: 'ours', refreshToken: 'r1', expiresAtMs: 500_000 };
const held = { ...withoutLogin, loginAtMs: 10_000 };

const NOW_MS = 1_000_000;
const circumstances = { nowMs: NOW_MS, isHeldOver: false };

describe('what is found on disk', () => {
  test.each<[string, TokenSet | undefined, TokenSet, DiskVerdict]>([
    ['anything is taken when nothing is held', undefined, { accessToken: 'x' }, 'adopted'],
    ['a newer login is taken', held, { refreshToken: 'r2', loginAtMs: 11_000 }, 'adopted'],
    [
      'a newer login is taken though its token expires earlier',
      held,
      { accessToken: 'x', refreshToken: 'r2', loginAtMs: 11_000, expiresAtMs: 1 },
      'adopted',
    ],
    [
      'an older login is not taken, whatever its expiry',
      held,
      { accessToken: 'x', refreshToken: 'r0', loginAtMs: 9_000, expiresAtMs: 9e9 },
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
    [
      'a token of unknown expiry is not taken',
      held,
      { accessToken: 'x', refreshToken: 'r1', loginAtMs: 10_000 },
      'older',
    ],
    ['a known login time is taken over an unknown one', withoutLogin, { ...held, expiresAtMs: 1 }, 'adopted'],
    [
      'a known login time is taken over an unknown one, also of another login',
      withoutLogin,
      { refreshToken: 'r2', loginAtMs: 10_000 },
      'adopted',
    ],
    [
      'a later token without a login time is taken if the refresh token is ours',
      held,
      { ...withoutLogin, accessToken: 'x', expiresAtMs: 500_001 },
      'adopted',
    ],
    [
      'another login of unknown time does not displace one whose time is known, whatever its expiry',
      held,
      { accessToken: 'x', refreshToken: 'r2', expiresAtMs: 9e9 },
      'unknown_login',
    ],
    [
      'of two logins of unknown time, the later token is taken',
      withoutLogin,
      { accessToken: 'x', refreshToken: 'r2', expiresAtMs: 500_001 },
      'adopted',
    ],
    [
      'a set without an access token is not taken for a later one',
      held,
      { refreshToken: 'r1', expiresAtMs: 9e9 },
      'older',
    ],
    [
      'a set without a refresh token is not taken over one that has it, however new',
      held,
      { accessToken: 'x', loginAtMs: 11_000, expiresAtMs: 9e9 },
      'no_refresh_token',
    ],
    [
      'a set with a refresh token is taken over one without, however old',
      { accessToken: 'ours', expiresAtMs: 9e9, loginAtMs: 10_000 },
      { refreshToken: 'r0', loginAtMs: 1_000 },
      'adopted',
    ],
    [
      'a later login without a refresh token is taken over an earlier one without',
      { accessToken: 'ours', expiresAtMs: 500_000, loginAtMs: 10_000 },
      { accessToken: 'x', loginAtMs: 11_000 },
      'adopted',
    ],
    [
      'a login that is not made yet is not taken over one whose time is known',
      held,
      { accessToken: 'x', refreshToken: 'r2', loginAtMs: NOW_MS + 300_001, expiresAtMs: 9e9 },
      'future_login',
    ],
    [
      'a clock may differ by five minutes',
      held,
      { accessToken: 'x', refreshToken: 'r2', loginAtMs: NOW_MS + 300_000, expiresAtMs: 9e9 },
      'adopted',
    ],
    [
      'a login that is not made yet keeps no true one out',
      { ...held, loginAtMs: NOW_MS + 300_001 },
      { accessToken: 'x', refreshToken: 'r2', loginAtMs: 11_000, expiresAtMs: 1 },
      'adopted',
    ],
  ])('%s', (_rule, ours, onDisk, verdict) => {
    expect(judgeDisk(ours, onDisk, circumstances)).toBe(verdict);
  });

  test('when the login that is held is over, an older one is taken, and one of unknown time', () => {
    const over = { ...circumstances, isHeldOver: true };
    for (const loginAtMs of [9_000, NOW_MS + 300_001, undefined]) {
      const other = { refreshToken: 'r0', ...(loginAtMs === undefined ? {} : { loginAtMs }) };
      expect(judgeDisk(held, other, over)).toBe('adopted');
    }
    expect(judgeDisk(held, held, over)).toBe('unchanged');
    expect(judgeDisk(held, { ...held, loginAtMs: 9_000 }, over)).toBe('older');
    expect(judgeDisk(held, { accessToken: 'x', expiresAtMs: 9e9 }, over)).toBe('no_refresh_token');
  });

  test('it keeps our login time if it has none that is known, and our refresh token', () => {
    const onDisk = { accessToken: 'x', refreshToken: 'r1', expiresAtMs: 500_001 };
    expect(adopted(held, onDisk, NOW_MS)).toEqual({ ...onDisk, loginAtMs: 10_000 });
    expect(adopted(held, { ...onDisk, loginAtMs: NOW_MS + 300_001 }, NOW_MS)).toEqual({ ...onDisk, loginAtMs: 10_000 });
    expect(adopted(held, { ...onDisk, refreshToken: 'r2' }, NOW_MS)).not.toHaveProperty('loginAtMs');
  });

  test('a login time in the future is kept, because the clock may be what is wrong', () => {
    const onDisk = { refreshToken: 'r2', loginAtMs: NOW_MS + 300_001 };
    expect(adopted(undefined, onDisk, NOW_MS)).toBe(onDisk);
  });
});

describe('a save', () => {
  const newer = { refreshToken: 'r2', loginAtMs: 20_000 };
  test.each<[string, TokenSet, TokenSet, TokenSet | undefined, boolean]>([
    ['overwrites an older login', { loginAtMs: 5_000 }, held, undefined, false],
    ['overwrites its own login', held, held, undefined, false],
    ['does not overwrite a newer login', newer, held, held, true],
    ['does not overwrite a login when its own is unknown', newer, { refreshToken: 'r' }, undefined, true],
    ['overwrites a newer login that we have read, because that is meant', newer, held, newer, false],
    [
      'overwrites a newer set that cannot be refreshed',
      { accessToken: 'x', loginAtMs: 20_000 },
      held,
      undefined,
      false,
    ],
    ['overwrites a login that is not made yet', { ...newer, loginAtMs: NOW_MS + 300_001 }, held, undefined, false],
  ])('%s', (_rule, onDisk, next, seen, refused) => {
    expect(overwritesUnseenLogin(onDisk, next, seen, NOW_MS)).toBe(refused);
  });
});

test('an unknown login time is never newer, and neither is one in the future', () => {
  expect(isNewerLogin({ refreshToken: 'x' }, held, NOW_MS)).toBe(false);
  expect(isNewerLogin({ refreshToken: 'x', loginAtMs: NOW_MS + 300_001 }, held, NOW_MS)).toBe(false);
});
