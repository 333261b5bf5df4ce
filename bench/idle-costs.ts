/** What processes cost while nothing happens: read before and after, and scaled to a minute. */
import { table } from './figures.ts';
import type { Idler } from './idlers.ts';
import type { ProcessReadings } from './process-readings.ts';

const MINUTE_MS = 60_000;

/** The counts are for a minute. */
export interface Cost {
  readonly name: string;
  readonly wakeups: number;
  readonly preemptions: number;
  readonly processorMs: number;
  readonly residentMb: number;
}

type Reading = Omit<Cost, 'name'>;

export interface IdleCosts {
  readonly costs: readonly Cost[];
  readonly minutes: number;
}

/** From now until the returned function is called. */
export function watchIdle(idlers: readonly Idler[]): () => IdleCosts {
  const before = idlers.map(({ process }) => read(process));
  const startedAt = performance.now();
  return () => {
    const minutes = (performance.now() - startedAt) / MINUTE_MS;
    return { costs: idlers.map((idler, index) => costOf(idler, before[index], minutes)), minutes };
  };
}

/** The first one is what the others are compared with. */
export function costsTable(costs: readonly Cost[], base: string): string {
  const baseMb = costs[0]?.residentMb ?? Number.NaN;
  return table(
    ['process', `memory ÷ ${base}`, 'wakeups a minute', 'preempted a minute', 'processor, ms a minute', 'memory, MB'],
    costs.map(({ name, wakeups, preemptions, processorMs, residentMb }) => [
      name,
      (residentMb / baseMb).toFixed(2),
      wakeups.toFixed(1),
      preemptions.toFixed(1),
      processorMs.toFixed(1),
      residentMb.toFixed(1),
    ]),
  );
}

function costOf({ name, process }: Idler, then: Reading | undefined, minutes: number): Cost {
  const now = read(process);
  const aMinute = (figure: 'wakeups' | 'preemptions' | 'processorMs') =>
    (now[figure] - (then?.[figure] ?? Number.NaN)) / minutes;
  return {
    name,
    wakeups: aMinute('wakeups'),
    preemptions: aMinute('preemptions'),
    processorMs: aMinute('processorMs'),
    residentMb: now.residentMb,
  };
}

/** Since its start. */
function read({ wakeups, preemptions, processorMs, residentMb }: ProcessReadings): Reading {
  return {
    wakeups: wakeups(),
    preemptions: preemptions(),
    processorMs: processorMs(),
    residentMb: residentMb(),
  };
}
