import { expect, test } from 'vitest';
import { formatEnvironment, tokenSetFromEnvironment } from './environment.ts';

test('both tokens and the expiry are taken from the environment', () => {
  const env = { SCHWAB_ACCESS_TOKEN: ' a ', SCHWAB_REFRESH_TOKEN: 'r\n', SCHWAB_EXPIRES_AT: '2025-11-12T21:30:55Z' };
  expect(tokenSetFromEnvironment(env)).toEqual({ accessToken: 'a', refreshToken: 'r', expiresAtMs: 1_762_983_055_000 });
  expect(tokenSetFromEnvironment({ ...env, SCHWAB_CREATION_TIMESTAMP: '1762983000' })).toHaveProperty(
    'loginAtMs',
    1_762_983_000_000,
  );
});

test('any prefix can be used, and one token is enough', () => {
  expect(tokenSetFromEnvironment({ MY_REFRESH_TOKEN: 'r', SCHWAB_ACCESS_TOKEN: 'a' }, 'MY_')).toEqual({
    refreshToken: 'r',
  });
});

test.each([[{}], [{ SCHWAB_ACCESS_TOKEN: '', SCHWAB_REFRESH_TOKEN: ' ' }], [{ SCHWAB_EXPIRES_AT: '1762983055' }]])(
  'without a token there is no set: %j',
  (env) => {
    expect(tokenSetFromEnvironment(env)).toBeUndefined();
  },
);

test.each([
  ['SCHWAB_ACCESS_TOKEN', { SCHWAB_ACCESS_TOKEN: 'made\tup' }],
  ['SCHWAB_CREATION_TIMESTAMP', { SCHWAB_ACCESS_TOKEN: 'a', SCHWAB_CREATION_TIMESTAMP: 'made up' }],
  ['SCHWAB_EXPIRES_AT', { SCHWAB_ACCESS_TOKEN: 'a', SCHWAB_EXPIRES_AT: 'made up' }],
])('a bad %s is named and not quoted', (name, env) => {
  const message = expect.stringMatching(new RegExp(`^${name} (?!.*made)`)) as string;
  expect(() => tokenSetFromEnvironment(env)).toThrow(expect.objectContaining({ code: 'token_invalid', message }));
});

test('what is written for the environment says nothing that is unknown, and quotes only what needs it', () => {
  expect(formatEnvironment({ accessToken: 'I0.made-up_1@', expiresAtMs: 1_762_983_055_999 })).toBe(
    'SCHWAB_ACCESS_TOKEN=I0.made-up_1@\nSCHWAB_EXPIRES_AT=1762983055\n',
  );
  expect(formatEnvironment({ refreshToken: 'a b$c`d"e\\f', loginAtMs: 5000 }, 'MY_')).toBe(
    'MY_REFRESH_TOKEN="a b\\$c\\`d\\"e\\\\f"\nMY_CREATION_TIMESTAMP=5\n',
  );
});
