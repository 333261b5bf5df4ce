/** Whether a run that broke no promise has shown anything: it may have been too short, too starved, or not looked. Pure. */
import type { Facts } from './quiet.ts';
import { growth } from './memory.ts';
import { DEALS, faultName, RECEIVERS, type Fault } from './plan.ts';
import { Random } from './random.ts';

export const LEAST_MINUTES = 30;
/** On each core, on average over a minute. */
const MOST_LOAD = 4;
/** Each minute; about a tenth of what was done in a run of ten minutes on two free cores, all faults included. */
const LEAST_LOOKS: Readonly<Record<string, number>> = {
  'reads: token file': 200,
  'reads: sinks': 800,
  'reads: events': 6_000,
  'reads: GET': 900,
  'reads: GET with wait': 600,
  'reads: client': 300,
  'reads: credentials': 20,
  'reads: status of the sender': 15,
  'messages acknowledged': 200,
};

export interface RunFacts {
  readonly minutes: number;
  readonly faults: readonly Fault[];
  /** What the witness counted. */
  readonly counts: ReadonlyMap<string, number>;
  /** After each round, oldest first. */
  readonly quiets: readonly Facts[];
  /** The greatest load average of a minute at the end of a round, divided by the cores. */
  readonly load: number;
  /** Whether modes of files bind the daemons. */
  readonly isUserOrdinary: boolean;
}

/** Why the run is no proof, in words; none if it is one. */
export function invalidities({ minutes, faults, counts, quiets, load, isUserOrdinary }: RunFacts): string[] {
  const problems: string[] = [];
  if (minutes < LEAST_MINUTES) problems.push(`it took ${minutes.toFixed(1)} minutes, and not ${LEAST_MINUTES}`);
  const kinds = new Set(faults.map(faultName));
  const all = new Set(DEALS.map((deal) => faultName(deal(new Random(0), 0))));
  for (const kind of all) if (!kinds.has(kind)) problems.push(`there was no ${kind}`);
  for (const [what, least] of Object.entries(LEAST_LOOKS)) {
    const times = (counts.get(what) ?? 0) / minutes;
    if (times < least) problems.push(`${what}: ${times.toFixed(0)} a minute, and not ${least}`);
  }
  for (const name of ['sender', ...RECEIVERS] as const) {
    const lives = Map.groupBy(quiets, (facts) => facts[name].pid);
    const isJudged = [...lives.values()].some((life) => growth(life.map((facts) => facts[name].heapKb)) !== undefined);
    if (!isJudged) problems.push(`no process of ${name} lived long enough for its collected heap to be judged`);
  }
  if (load > MOST_LOAD) problems.push(`the load was ${load.toFixed(1)} on a core, and at most ${MOST_LOAD} is right`);
  if (!isUserOrdinary) problems.push('without root the modes of folders bind nobody');
  return problems;
}
