import fc from 'fast-check';
import { expect, test } from 'vitest';
import { refreshDueAt } from './schedule.ts';

const minute = 60_000;
const now = 1_762_983_055_000;

test.each([
  ['a 30 minute token is due after 25 minutes', 30 * minute, 25 * minute, 25 * minute],
  ['an hour-long token is due after the interval', 60 * minute, 25 * minute, 25 * minute],
  ['a 12 second token is due a sixth of its life before its end', 12_000, 25 * minute, 10_000],
  ['a shorter interval wins', 30 * minute, 1_000, 1_000],
  ['the lead is never more than 5 minutes', 60 * minute, 59 * minute, 55 * minute],
])('%s', (_name, lifetimeMs, intervalMs, dueAfterMs) => {
  const token = { issuedAtMs: now, expiresAtMs: now + lifetimeMs };
  expect(refreshDueAt(token, intervalMs, now) - now).toBe(dueAfterMs);
});

test('a token of unknown expiry is due at once', () => {
  expect(refreshDueAt({}, 25 * minute, now)).toBe(now);
});

test('a token whose time of issue is unknown is due 5 minutes before its expiry', () => {
  expect(refreshDueAt({ expiresAtMs: now + 20 * minute }, 25 * minute, now)).toBe(now + 15 * minute);
});

test('a clock that was set back makes the refresh due at once', () => {
  const token = { issuedAtMs: now + 600 * minute, expiresAtMs: now + 630 * minute };
  expect(refreshDueAt(token, 25 * minute, now)).toBe(now);
});

test('due is never after the expiry and never after the interval', () => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 1e8 }), fc.integer({ min: 1, max: 1e8 }), (lifetimeMs, intervalMs) => {
      const dueAt = refreshDueAt({ issuedAtMs: now, expiresAtMs: now + lifetimeMs }, intervalMs, now);
      expect(dueAt).toBeLessThanOrEqual(now + lifetimeMs);
      expect(dueAt).toBeLessThanOrEqual(now + intervalMs);
    }),
  );
});
