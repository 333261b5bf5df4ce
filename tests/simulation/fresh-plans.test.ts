import { randomInt } from 'node:crypto';
import { test } from 'vitest';
import { expectKept } from './kept.ts';
import { seedsFrom } from './plans.ts';

const PLANS = 20;
const SEED = randomInt(2 ** 40);

test(`${PLANS} months that are new each time, from seed ${SEED}: every promise is kept at every step`, () =>
  expectKept(seedsFrom(SEED, PLANS)));
