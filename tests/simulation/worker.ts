/** Runs its share of the plans in a thread of its own, and tells what each came to. */
import { parentPort, workerData } from 'node:worker_threads';
import { runPlans } from './plans.ts';

// Errors are made by the thousand here, and nobody reads where.
Error.stackTraceLimit = 0;

const { seeds } = workerData as { readonly seeds: readonly number[] };

for await (const result of runPlans(seeds)) parentPort?.postMessage(result);
