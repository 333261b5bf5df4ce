import { expect, test } from 'vitest';
import { hookEnvironment } from './hook-environment.ts';

test("of the daemon's own environment a hook gets PATH, HOME and LANG alone", () => {
  const own = { PATH: '/bin', HOME: '/home/me', LANG: 'C.UTF-8', CREDENTIALS_DIRECTORY: '/run/x', APP_SECRET: 'x' };
  expect(hookEnvironment(own, 'login_due', { TOKEN_RELAY_HOURS_LEFT: '6' })).toEqual({
    PATH: '/bin',
    HOME: '/home/me',
    LANG: 'C.UTF-8',
    TOKEN_RELAY_EVENT: 'login_due',
    TOKEN_RELAY_HOURS_LEFT: '6',
  });
});

test('without a PATH of its own it gets the usual one', () => {
  expect(hookEnvironment({ PATH: '' }, 'stale', {})).toEqual({
    PATH: '/usr/local/bin:/usr/bin:/bin',
    TOKEN_RELAY_EVENT: 'stale',
  });
});
