/** One run of one target. */
import { Coverage } from './coverage.ts';
import { corpusOf } from './corpus.ts';
import { InputSource } from './input-source.ts';
import { shrink } from './shrink.ts';
import { FuzzFinding, type BrokenPromise, type FuzzTarget, type OpenTarget } from './target.ts';
import { growthProblem, measureUsage, type Usage } from './usage.ts';

/** How many inputs share one look at the coverage. */
const BATCH = 32;
/** How often what the process holds is measured: in a short run, a collection each time would take longer than the inputs. */
const MEASUREMENTS = { inShortRun: 8, inLongRun: 24 };
const LONG_RUN = 5_000;

export interface CampaignOptions {
  readonly seed: number;
  readonly runs: number;
  /** Whether coverage may lead the mutations, where the target is for that: yes. Without, an input costs half. */
  readonly isGuided?: boolean;
  /** Running time at which it ends, whatever is still to come; default never. */
  readonly untilMs?: number;
  /** Called before each input. */
  readonly onInput: (input: Uint8Array) => void;
}

export interface Finding {
  readonly promise: BrokenPromise;
  readonly message: string;
  readonly input: Uint8Array;
  /** The name of the corpus entry, if it was one. */
  readonly seedName?: string;
}

export interface CampaignResult {
  readonly inputs: number;
  /** Inputs that reached code which none before had reached. */
  readonly kept: number;
  readonly coveredCharacters: number;
  readonly usage: readonly Usage[];
  readonly finding: Finding | undefined;
}

/** Ends at the first finding. */
export async function runCampaign(target: FuzzTarget, options: CampaignOptions): Promise<CampaignResult> {
  const open = await target.open();
  try {
    return await campaign(target, open, options);
  } finally {
    await open.close?.();
  }
}

async function campaign(target: FuzzTarget, open: OpenTarget, options: CampaignOptions): Promise<CampaignResult> {
  const { seed, runs, isGuided = true, untilMs = Infinity } = options;
  const source = new InputSource(target, seed);
  const coverage = isGuided && target.isGuided ? new Coverage() : undefined;
  const usage: Usage[] = [];
  let inputs = 0;

  const result = (finding?: Finding): CampaignResult => {
    coverage?.close();
    return { inputs, kept: source.kept, coveredCharacters: coverage?.size ?? 0, usage, finding };
  };
  const tryInput = async (input: Uint8Array): Promise<FuzzFinding | undefined> => {
    options.onInput(input);
    return findingOf(open, input);
  };
  const report = async (found: FuzzFinding, input: Uint8Array): Promise<CampaignResult> => {
    const smaller = await shrink(input, async (candidate) => (await tryInput(candidate))?.promise === found.promise);
    return result({ promise: found.promise, message: found.stack ?? found.message, input: smaller });
  };

  for (const { name, bytes } of corpusOf(target.name)) {
    inputs += 1;
    const found = await tryInput(bytes);
    if (found !== undefined) {
      return result({ promise: found.promise, message: found.message, input: bytes, seedName: name });
    }
  }
  coverage?.hasGrown({ isRemembered: true });

  const measureEvery = Math.max(
    BATCH,
    Math.ceil(runs / (runs < LONG_RUN ? MEASUREMENTS.inShortRun : MEASUREMENTS.inLongRun)),
  );
  let measureAt = inputs + measureEvery;
  while (inputs < runs && performance.now() < untilMs) {
    const batch = Array.from({ length: Math.min(BATCH, runs - inputs) }, () => source.next());
    for (const input of batch) {
      inputs += 1;
      const found = await tryInput(input);
      if (found !== undefined) return report(found, input);
    }
    if (coverage?.hasGrown({ isRemembered: false }) === true) {
      for (const input of batch) {
        const found = await tryInput(input);
        if (found !== undefined) return report(found, input);
        if (coverage.hasGrown({ isRemembered: true })) source.keep(input);
      }
    }
    if (inputs >= measureAt) {
      measureAt += measureEvery;
      usage.push(await measureUsage(inputs, source.keptBytes));
    }
  }
  const growth = growthProblem(usage);
  return growth === undefined ? result() : result({ promise: 'leak', message: growth, input: new Uint8Array() });
}

async function findingOf(open: OpenTarget, input: Uint8Array): Promise<FuzzFinding | undefined> {
  try {
    const checking = open.check(input);
    if (checking !== undefined) await checking;
    return undefined;
  } catch (error) {
    if (error instanceof FuzzFinding) return error;
    const crash = new FuzzFinding('crash', String(error));
    if (error instanceof Error && error.stack !== undefined) crash.stack = error.stack;
    return crash;
  }
}
