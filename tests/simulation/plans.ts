/** Many plans, one after another, in one process. */
import { setImmediate } from 'node:timers/promises';
import { simulateSeed } from './simulate.ts';
import type { Tally } from './tally.ts';
import type { Breach } from './world.ts';

export interface PlanResult {
  readonly seed: number;
  readonly breach: Breach | undefined;
  readonly tally: Tally;
}

/** @param seeds of the plans */
export async function* runPlans(seeds: Iterable<number>): AsyncGenerator<PlanResult> {
  for (const seed of seeds) {
    yield { seed, ...(await simulateSeed(seed)) };
    // A month is promises alone: here the process looks at the rest of its life.
    await setImmediate();
  }
}

/** Seeds of plans that one number stands for. */
export function seedsFrom(seed: number, count: number, step = 1): number[] {
  return Array.from({ length: Math.ceil(count / step) }, (_, index) => seed + index * step);
}
