import fc from 'fast-check';
import { expect, test } from 'vitest';
import { WriteBudget } from './write-budget.ts';

const ROUNDING_MS = 1e-6;

test('the first writes need not wait', () => {
  const budget = new WriteBudget(0);
  for (let write = 0; write < 100; write += 1) {
    expect(budget.waitMs(write)).toBe(0);
    budget.spend(0.1, write);
  }
});

test('one slow write holds up the next for a second at most', () => {
  const budget = new WriteBudget(0);
  budget.spend(60_000, 60_000);
  const waitMs = budget.waitMs(60_000);
  expect(waitMs).toBeGreaterThan(900);
  expect(waitMs).toBeLessThanOrEqual(1_001);
  expect(budget.waitMs(60_000 + waitMs)).toBe(0);
});

test('a stream of writes takes no more than a hundredth of the time, beyond the first 20 ms', () => {
  fc.assert(
    fc.property(fc.array(fc.double({ min: 0.01, max: 9, noNaN: true }), { minLength: 1 }), (durations) => {
      const budget = new WriteBudget(0);
      let [nowMs, spentMs] = [0, 0];
      for (const durationMs of durations) {
        nowMs += budget.waitMs(nowMs);
        expect(budget.waitMs(nowMs)).toBe(0);
        nowMs += durationMs;
        spentMs += durationMs;
        budget.spend(durationMs, nowMs);
        // The last write may overdraw the account.
        expect(spentMs - durationMs).toBeLessThanOrEqual(20 + nowMs / 100 + ROUNDING_MS);
      }
    }),
  );
});
