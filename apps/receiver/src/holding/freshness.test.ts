import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { judgeFreshness, type FreshnessInput } from './freshness.ts';

const MINUTE = 60_000;
const T0 = Date.parse('2026-03-02T10:00:00Z');

/** A token that came at T0, judged so many minutes later. */
function after(minutes: number, lifeMinutes: number | undefined, staleAfterMinutes = 30) {
  const expiresAtMs = lifeMinutes === undefined ? undefined : T0 + lifeMinutes * MINUTE;
  return judgeFreshness({
    held: { receivedAtMs: T0, expiresAtMs },
    newsAtMs: T0,
    nowMs: T0 + minutes * MINUTE,
    staleAfterMs: staleAfterMinutes * MINUTE,
  });
}
const at = (minutes: number) => T0 + minutes * MINUTE;

describe('a token of 30 minutes', () => {
  test.each([
    [0, { freshness: { kind: 'fresh' }, mood: 'fresh', changesAtMs: at(28) }],
    [27.99, { freshness: { kind: 'fresh' }, mood: 'fresh', changesAtMs: at(28) }],
    [28, { freshness: { kind: 'stale', reason: 'ending' }, mood: 'stale', changesAtMs: at(30) }],
    [30, { freshness: { kind: 'expired', expiredAtMs: at(30) }, mood: 'stale' }],
    [300, { freshness: { kind: 'expired', expiredAtMs: at(30) }, mood: 'stale' }],
  ])('after %d minutes', (minutes, expected) => {
    expect(after(minutes, 30)).toEqual(expected);
  });
});

test.each([
  ['a short life: its fifteenth', 15, 14],
  ['a long one: two minutes', 24 * 60, 24 * 60 - 2],
])('%s counts as the end of it', (_, life, endingAt) => {
  const week = 7 * 24 * 60;
  expect(after(endingAt - 0.01, life, week).freshness).toEqual({ kind: 'fresh' });
  expect(after(endingAt, life, week).freshness).toEqual({ kind: 'stale', reason: 'ending' });
});

test('a token that outlives stale_after is stale for want of news, then ending, then expired', () => {
  expect(after(30, 60)).toEqual({
    freshness: { kind: 'stale', reason: 'no_news' },
    mood: 'stale',
    changesAtMs: at(58),
  });
  expect(after(58, 60).freshness).toEqual({ kind: 'stale', reason: 'ending' });
  expect(after(60, 60).freshness.kind).toBe('expired');
});

test('of unknown expiry: only the want of news makes it stale, and nothing changes after that', () => {
  expect(after(29.99, undefined)).toMatchObject({ freshness: { kind: 'fresh' }, changesAtMs: at(30) });
  expect(after(1_000, undefined)).toEqual({ freshness: { kind: 'stale', reason: 'no_news' }, mood: 'stale' });
});

test('none at all: waiting for as long as stale_after, and then it is said', () => {
  const none = { held: undefined, newsAtMs: T0, staleAfterMs: 30 * MINUTE };
  expect(judgeFreshness({ ...none, nowMs: T0 })).toEqual({
    freshness: { kind: 'none' },
    mood: 'waiting',
    changesAtMs: at(30),
  });
  expect(judgeFreshness({ ...none, nowMs: at(30) })).toEqual({ freshness: { kind: 'none' }, mood: 'stale' });
});

test('a token that had expired when it came is expired, not ending', () => {
  const verdict = judgeFreshness({
    held: { receivedAtMs: T0, expiresAtMs: T0 - 1 },
    newsAtMs: T0,
    nowMs: T0,
    staleAfterMs: MINUTE,
  });
  expect(verdict).toEqual({ freshness: { kind: 'expired', expiredAtMs: T0 - 1 }, mood: 'stale' });
});

const instant = fc.integer({ min: -100, max: 10_000 });
const inputs: fc.Arbitrary<FreshnessInput> = fc.record({
  held: fc.option(fc.record({ receivedAtMs: instant, expiresAtMs: fc.option(instant, { nil: undefined }) }), {
    nil: undefined,
  }),
  newsAtMs: instant,
  nowMs: instant,
  staleAfterMs: fc.integer({ min: 0, max: 5_000 }),
});

test('nothing changes before it is said to, and what is said lies ahead', () => {
  fc.assert(
    fc.property(inputs, fc.nat({ max: 20_000 }), (input, laterMs) => {
      const { freshness, mood, changesAtMs = Infinity } = judgeFreshness(input);
      expect(changesAtMs).toBeGreaterThan(input.nowMs);
      const laterAtMs = input.nowMs + laterMs;
      if (laterAtMs >= changesAtMs) return;
      expect(judgeFreshness({ ...input, nowMs: laterAtMs })).toMatchObject({ freshness, mood });
    }),
  );
});

test('left alone, every token ends as expired or stale, in at most three changes', () => {
  fc.assert(
    fc.property(inputs, (input) => {
      let verdict = judgeFreshness(input);
      let changes = 0;
      while (verdict.changesAtMs !== undefined) {
        verdict = judgeFreshness({ ...input, nowMs: verdict.changesAtMs });
        changes += 1;
      }
      expect(changes).toBeLessThanOrEqual(3);
      expect(verdict.mood).toBe('stale');
    }),
  );
});
