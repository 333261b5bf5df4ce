import type { HeldToken } from '@token-relay/socket';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { lookUp, tokenView } from './token-view.ts';

const NOW_MS = 1_700_000_000_000;

function held(expiresAtMs?: number): HeldToken {
  const message = { accessToken: 'made-up-access', ...(expiresAtMs === undefined ? {} : { expiresAtMs }) };
  return { message, generation: 7, receivedAtMs: NOW_MS - 5_999, from: 'unix' };
}

describe('looking up what is held', () => {
  test.each([
    ['nothing', undefined, { kind: 'none' }],
    ['a token of unknown expiry is valid', held(), { kind: 'valid', held: held() }],
    ['a token with a millisecond left is valid', held(NOW_MS + 1), { kind: 'valid', held: held(NOW_MS + 1) }],
    ['a token at its expiry has expired', held(NOW_MS), { kind: 'expired', expiredAtMs: NOW_MS }],
    ['a token past its expiry has expired', held(1), { kind: 'expired', expiredAtMs: 1 }],
  ] as const)('%s', (_, token, found) => {
    expect(lookUp(token, NOW_MS)).toEqual(found);
  });
});

describe('what a reader is told', () => {
  test('whole seconds, rounded down, and the generation', () => {
    expect(tokenView(held(NOW_MS + 1_800_999), NOW_MS)).toEqual({
      access_token: 'made-up-access',
      token_type: 'Bearer',
      expires_at: 1_700_001_800,
      expires_in: 1_800,
      generation: 7,
      received_at: 1_699_999_994,
    });
  });

  test('no expiry if it is unknown', () => {
    const view = tokenView(held(), NOW_MS);
    expect(view).not.toHaveProperty('expires_at');
    expect(view).not.toHaveProperty('expires_in');
  });

  test('never the refresh token, even if it is held', () => {
    const message = { accessToken: 'made-up-access', refreshToken: 'made-up-refresh', expiresAtMs: NOW_MS + 1 };
    expect(JSON.stringify(tokenView({ ...held(), message }, NOW_MS))).not.toContain('made-up-refresh');
  });

  test('never more time than is left, and not a second too little', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 10 ** 12 }), (leftMs) => {
        const { expires_in: seconds = -1 } = tokenView(held(NOW_MS + leftMs), NOW_MS);
        expect(seconds).toBeGreaterThanOrEqual(0);
        expect(leftMs - seconds * 1_000).toBeGreaterThanOrEqual(0);
        expect(leftMs - seconds * 1_000).toBeLessThan(1_000);
      }),
    );
  });
});
