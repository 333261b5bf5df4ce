/** The thread in which a target runs, so that one that hangs can be ended. See run-target.ts. */
import { parentPort, workerData } from 'node:worker_threads';
import { runCampaign } from './campaign.ts';
import { PresentInput } from './present-input.ts';
import { loadTarget } from './targets/index.ts';
import type { WorkerTask } from './run-target.ts';

const { target, seed, runs, isGuided, forMs, shared } = workerData as WorkerTask;
const present = new PresentInput(shared);
const loaded = await loadTarget(target);
const result = await runCampaign(loaded, {
  seed,
  runs: typeof runs === 'number' ? runs : loaded.runs[runs],
  ...(isGuided === undefined ? {} : { isGuided }),
  ...(forMs === undefined ? {} : { untilMs: performance.now() + forMs }),
  onInput: (input) => present.set(input),
});
parentPort?.postMessage(result);
