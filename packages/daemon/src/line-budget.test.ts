import { expect, test } from 'vitest';
import { LineBudget } from './line-budget.ts';

test('a burst of 20 lines passes, then one a second, which says how many were left out', () => {
  const budget = new LineBudget(0);
  for (let line = 0; line < 20; line += 1) expect(budget.take(0)).toBe(0);
  for (let line = 0; line < 7; line += 1) expect(budget.take(10)).toBeUndefined();
  expect(budget.take(1_010)).toBe(7);
  expect(budget.take(1_020)).toBeUndefined();
});

test('a clock that is set back neither fills nor blocks it', () => {
  const budget = new LineBudget(100_000);
  for (let line = 0; line < 20; line += 1) budget.take(100_000);
  expect(budget.take(0)).toBeUndefined();
  expect(budget.take(1_001)).toBe(1);
});
