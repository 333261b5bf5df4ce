import type { HeldToken } from '@token-relay/socket';
import { expect, test } from 'vitest';
import { tokenView } from '../api/token-view.ts';
import { sinkText } from './sink-text.ts';

const RECEIVED_AT_MS = 1_772_445_600_900;
const EXPIRES_AT_MS = 1_772_447_400_100;
function held(expiresAtMs?: number): HeldToken {
  const message = {
    accessToken: 'I0.made-up_token@',
    refreshToken: 'made-up-refresh',
    ...(expiresAtMs === undefined ? {} : { expiresAtMs }),
  };
  return { message, generation: 7, receivedAtMs: RECEIVED_AT_MS, from: 'unix' };
}
const json = (...args: Parameters<typeof sinkText>) => JSON.parse(sinkText(...args)) as Record<string, unknown>;

test('json is the body of GET /v1/token, but for expires_in', () => {
  const body: Record<string, unknown> = { ...tokenView(held(EXPIRES_AT_MS), RECEIVED_AT_MS) };
  delete body['expires_in'];
  expect(json(held(EXPIRES_AT_MS), 'json')).toEqual(body);
  expect(json(held(EXPIRES_AT_MS), 'json')).toEqual({
    access_token: 'I0.made-up_token@',
    token_type: 'Bearer',
    expires_at: 1_772_447_400,
    generation: 7,
    received_at: 1_772_445_600,
  });
});

test('schwab-py: integers throughout, and nothing to refresh with', () => {
  expect(json(held(EXPIRES_AT_MS), 'schwab-py')).toEqual({
    creation_timestamp: 1_772_445_600,
    token: {
      access_token: 'I0.made-up_token@',
      token_type: 'Bearer',
      scope: 'api',
      expires_in: 1_800,
      expires_at: 1_772_447_400,
    },
  });
});

test('schwab-py: a token that came when it was over has 0 seconds, not fewer', () => {
  expect(json(held(RECEIVED_AT_MS - 60_000), 'schwab-py')).toMatchObject({ token: { expires_in: 0 } });
});

test('env is two lines, raw is the token and nothing else', () => {
  expect(sinkText(held(EXPIRES_AT_MS), 'env')).toBe(
    'SCHWAB_ACCESS_TOKEN=I0.made-up_token@\nSCHWAB_EXPIRES_AT=1772447400\n',
  );
  expect(sinkText(held(EXPIRES_AT_MS), 'raw')).toBe('I0.made-up_token@');
});

test('of unknown expiry: no form makes one up', () => {
  expect(json(held(), 'json')).not.toHaveProperty('expires_at');
  expect(json(held(), 'schwab-py')['token']).toEqual({
    access_token: 'I0.made-up_token@',
    token_type: 'Bearer',
    scope: 'api',
  });
  expect(sinkText(held(), 'env')).toBe('SCHWAB_ACCESS_TOKEN=I0.made-up_token@\n');
  expect(sinkText(held(), 'raw')).toBe('I0.made-up_token@');
});

test.each(['schwab-py', 'json', 'env', 'raw'] as const)('%s never holds the refresh token', (format) => {
  expect(sinkText(held(EXPIRES_AT_MS), format)).not.toMatch(/refresh/i);
});
