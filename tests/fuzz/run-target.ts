/** Runs a target in a thread of its own, and watches that it moves. */
import { Worker } from 'node:worker_threads';
import type { CampaignResult, Finding } from './campaign.ts';
import { PresentInput } from './present-input.ts';

/** One input may take so much of the processor's time; of the clock's more, because others may have the processor. */
const HANG_MS = 20_000;
const PATIENCE = 8;
/** Node's exit code for a top-level await with nothing left that could end it. */
const NEVER_SETTLED = 13;
/** More than any input needs; a thread that wants more is ended. */
const MAX_HEAP_MB = 768;

export interface RunOptions {
  readonly target: string;
  readonly seed: number;
  /** How many inputs: a number, or that of the target. */
  readonly runs: number | 'long' | 'short';
  /** Default: as the target says. */
  readonly isGuided?: boolean;
  /** It ends after this time with what it has tried. */
  readonly forMs?: number;
  /** Default 20 000, of processor time: without an end of the present input. */
  readonly hangMs?: number;
}

export interface WorkerTask extends RunOptions {
  readonly shared: SharedArrayBuffer;
}

export interface RunReport extends CampaignResult {
  readonly target: string;
  readonly seed: number;
  readonly seconds: number;
}

/** Resolves with what was found, also if that was the end of the thread. */
export async function runTarget(options: RunOptions): Promise<RunReport> {
  const startedMs = performance.now();
  const shared = PresentInput.allocate();
  const present = new PresentInput(shared);
  const task: WorkerTask = { ...options, shared };
  const worker = new Worker(new URL('worker.ts', import.meta.url), {
    workerData: task,
    // The packages resolve to their sources, which Node runs as they are.
    execArgv: ['--conditions=source', '--disable-warning=ExperimentalWarning'],
    resourceLimits: { maxOldGenerationSizeMb: MAX_HEAP_MB },
  });
  const ended = Promise.withResolvers<CampaignResult>();
  const broken = (promise: Finding['promise'], message: string) =>
    ended.resolve({
      inputs: present.count,
      kept: 0,
      coveredCharacters: 0,
      usage: [],
      finding: { promise, message, input: present.get() },
    });
  worker.once('message', (result: CampaignResult) => ended.resolve(result));
  worker.once('error', (error: unknown) => {
    broken('crash', `nothing caught this error, of this input or one just before it: ${describe(error)}`);
  });
  worker.once('exit', (code) => {
    if (code === NEVER_SETTLED) broken('hang', 'it waits for what can never come');
    else broken('crash', `the thread ended with code ${code}`);
  });

  const { hangMs = HANG_MS } = options;
  let [count, since] = [present.count, meter()];
  const watch = setInterval(() => {
    const { wallMs, cpuMs } = meter();
    if (present.count !== count) [count, since] = [present.count, { wallMs, cpuMs }];
    else if (cpuMs - since.cpuMs > hangMs || wallMs - since.wallMs > PATIENCE * hangMs) {
      broken('hang', `no end within ${hangMs / 1_000} s of processor time, or ${PATIENCE} times that of the clock`);
    }
  }, 250);
  try {
    const result = await ended.promise;
    const { target, seed } = options;
    return { ...result, target, seed, seconds: (performance.now() - startedMs) / 1_000 };
  } finally {
    clearInterval(watch);
    await worker.terminate();
  }
}

/** The other thread is all that uses the processor. */
function meter(): { wallMs: number; cpuMs: number } {
  const { user, system } = process.cpuUsage();
  return { wallMs: performance.now(), cpuMs: (user + system) / 1_000 };
}

function describe(error: unknown): string {
  return error instanceof Error ? (error.stack ?? error.message) : String(error);
}
