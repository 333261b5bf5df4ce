import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { nextBackoff } from './backoff.ts';

const OPTIONS = { baseMs: 1000, capMs: 60_000 };

describe('nextBackoff', () => {
  test('doubles its bound from the base to the cap', () => {
    const bounds = Array.from({ length: 8 }, (_, attempt) => nextBackoff(attempt, OPTIONS, () => 0.999_999_99)[0]);
    expect(bounds).toEqual([1000, 2000, 4000, 8000, 16_000, 32_000, 60_000, 60_000]);
  });

  test('spreads over everything from zero to the bound', () => {
    expect(nextBackoff(3, OPTIONS, () => 0)[0]).toBe(0);
    expect(nextBackoff(3, OPTIONS, () => 0.5)[0]).toBe(4000);
  });

  test('stays within its bounds over thousands of attempts', () => {
    let attempt = 0;
    for (let count = 0; count < 5000; count++) {
      const [delayMs, next] = nextBackoff(attempt, OPTIONS, Math.random);
      expect(Number.isInteger(delayMs)).toBe(true);
      expect(delayMs).toBeGreaterThanOrEqual(0);
      expect(delayMs).toBeLessThanOrEqual(60_000);
      expect(next).toBe(attempt + 1);
      attempt = next;
    }
  });

  test('stays within its bounds for any options and any chance', () => {
    fc.assert(
      fc.property(
        fc.nat(1e6),
        fc.nat(1e9),
        fc.nat(1e9),
        fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true }),
        (attempt, baseMs, capMs, chance) => {
          const [delayMs] = nextBackoff(attempt, { baseMs, capMs }, () => chance);
          const boundMs = baseMs === 0 ? 0 : Math.min(capMs, baseMs * 2 ** attempt);
          expect(delayMs >= 0 && delayMs <= boundMs).toBe(true);
        },
      ),
    );
  });
});
