/**
 * Every promise of a cluster, in plans of faults that are made up anew each time. CLUSTER_MODEL_RUNS=5000 makes a long run,
 * CLUSTER_MODEL_SEED repeats one.
 */
import fc from 'fast-check';
import { randomInt } from 'node:crypto';
import { expect, test } from 'vitest';
import { plans } from './model/plan.ts';
import { runPlan } from './model/run-plan.ts';

const RUNS = Number(process.env['CLUSTER_MODEL_RUNS'] ?? 40);
const SEED = Number(process.env['CLUSTER_MODEL_SEED'] ?? randomInt(2 ** 31));
/** For each plan; a busy machine takes its time, and a plan that fails is made smaller within the same. */
const PLAN_MS = 1_000;

test(
  `${RUNS} plans from seed ${SEED}: no step back, one leader, few refreshes, nothing hangs, and all agree at the end`,
  { timeout: (RUNS + 60) * PLAN_MS },
  async () => {
    await fc.assert(
      fc.asyncProperty(plans, async (plan) => {
        expect(await runPlan(plan)).toEqual([]);
      }),
      { seed: SEED, numRuns: RUNS, interruptAfterTimeLimit: (RUNS + 30) * PLAN_MS, markInterruptAsFailure: true },
    );
  },
);
