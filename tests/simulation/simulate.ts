/** One plan, from its seed to what it came to; and the least of it that still fails. */
import { makePlan } from './make-plan.ts';
import type { Plan } from './plan-events.ts';
import { allPromises } from './promises/all.ts';
import { World, type Breach, type Month } from './world.ts';

/** A shrunken plan is tried this often at most. */
const MOST_TRIES = 300;

export function simulate(plan: Plan, journal?: (line: string) => void): Promise<Month> {
  return new World(plan, allPromises(), journal).run();
}

export function simulateSeed(seed: number, journal?: (line: string) => void): Promise<Month> {
  return simulate(makePlan(seed), journal);
}

/** Takes events out for as long as the same promise is broken: first halves, then less, at last one by one. */
export async function shrink(plan: Plan, breach: Breach): Promise<Plan> {
  let least = until(plan, breach);
  let tries = 0;
  for (let size = Math.ceil(least.events.length / 2); size >= 1; size = size === 1 ? 0 : Math.ceil(size / 2)) {
    for (let from = 0; from < least.events.length && tries < MOST_TRIES;) {
      const fewer = { ...least, events: [...least.events.slice(0, from), ...least.events.slice(from + size)] };
      tries += 1;
      const { breach: still } = await simulate(fewer);
      if (still?.promise === breach.promise) least = until(fewer, still);
      else from += size;
    }
  }
  return least;
}

/** Without what comes after the breach. */
function until(plan: Plan, { atMs }: Breach): Plan {
  return { ...plan, lengthMs: atMs + 1, events: plan.events.filter((event) => event.atMs <= atMs) };
}
