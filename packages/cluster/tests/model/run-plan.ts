import { SETTLED_WITHIN_MS } from './leadership.ts';
import { isStepBack, words } from './judged-hub.ts';
import type { Plan } from './plan.ts';
import { TIMES } from './host-process.ts';
import { World } from './world.ts';

const LOOK_EVERY_MS = 1_000;

/** After the last fault, all agree within {@link SETTLED_WITHIN_MS}. @returns the promises that were broken */
export async function runPlan(plan: Plan): Promise<readonly string[]> {
  const world = new World(plan);
  for (const step of plan.steps) {
    await world.carryOut(step);
    if (world.breaches.length > 0) return world.breaches;
  }
  await world.heal();
  const newest = world.newest();
  const healedAtMs = world.clock.nowMs();
  while (!world.isAgreed() && world.clock.nowMs() - healedAtMs < SETTLED_WITHIN_MS) await world.run(LOOK_EVERY_MS);
  if (!world.isAgreed()) return [...world.breaches, `not agreed after ${SETTLED_WITHIN_MS} ms:\n${world.describe()}`];
  const agreed = world.newest();
  if (newest !== undefined && (agreed === undefined || isStepBack(agreed, newest)))
    return [...world.breaches, `agreed on less than ${words(newest)}:\n${world.describe()}`];
  // And it stays so, over a refresh.
  await world.run(TIMES.refreshAfterMs + 2 * TIMES.requestMs);
  const isLate = !world.isAgreed();
  return [...world.breaches, ...(isLate ? [`agreed no more:\n${world.describe()}`] : []), ...(await world.end())];
}
