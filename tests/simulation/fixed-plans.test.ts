import { test } from 'vitest';
import { expectKept } from './kept.ts';
import { seedsFrom } from './plans.ts';

const PLANS = 20;

test(`${PLANS} months that are always the same: every promise is kept at every step`, () =>
  expectKept(seedsFrom(1, PLANS)));
