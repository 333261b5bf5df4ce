import { describe, expect, test } from 'vitest';
import { notReady } from './api-problems.ts';

describe('readiness', () => {
  test.each([
    ['none', { kind: 'none' }, 'token_not_found', /Is token-refresh-sender running\?/],
    ['no news', { kind: 'stale', reason: 'no_news' }, 'token_stale', /no newer one came for too long/],
    ['ending', { kind: 'stale', reason: 'ending' }, 'token_stale', /little of its life is left/],
    ['expired', { kind: 'expired', expiredAtMs: 0 }, 'token_expired', /1970-01-01T00:00:00\.000Z/],
  ] as const)('%s: 503', (_what, freshness, code, detail) => {
    expect(notReady(freshness)).toMatchObject({
      status: 503,
      headers: { 'Content-Type': 'application/problem+json' },
      body: { status: 503, code, detail: expect.stringMatching(detail) as string },
    });
  });

  test('fresh: nothing is wrong', () => {
    expect(notReady({ kind: 'fresh' })).toBeUndefined();
  });
});
