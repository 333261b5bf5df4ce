/** Whether a daemon's memory grows from round to round. Pure. */
import { RECEIVERS } from './plan.ts';
import type { Facts } from './quiet.ts';

/** A process has to have lived through so many rounds; in the first it fills what it keeps for good. */
const GROWN_UP_ROUNDS = 7;
/** More of the heap than this a round is a leak: a round has thousands of messages and tens of thousands of reads. */
const MOST_GROWTH_KB = 256;
const MOST_RESIDENT_KB = 220 * 1_024;

/** @param quiets what each daemon used after each round, oldest first */
export function memoryComplaints(quiets: readonly Facts[]): string[] {
  return (['sender', ...RECEIVERS] as const).flatMap((name) => {
    const last = quiets.at(-1)?.[name];
    if (last === undefined) return [];
    const complaints = last.residentKb > MOST_RESIDENT_KB ? [`${name} has ${last.residentKb} kB resident`] : [];
    const life = quiets
      .map((facts) => facts[name])
      .filter(({ pid }) => pid === last.pid)
      .map(({ heapKb }) => heapKb);
    const growthKb = growth(life);
    if (growthKb !== undefined && growthKb > MOST_GROWTH_KB) {
      complaints.push(`the heap of ${name} grows by ${growthKb.toFixed(0)} kB a round; it had ${life.join(', ')} kB`);
    }
    return complaints;
  });
}

/**
 * Kilobytes a round; undefined for a process that is too young. The median of the differences: memory that is taken once and kept
 * makes one step, which is no growth.
 */
export function growth(heapKb: readonly number[]): number | undefined {
  if (heapKb.length < GROWN_UP_ROUNDS) return undefined;
  const grown = heapKb.slice(1);
  const steps = grown
    .slice(1)
    .map((later, index) => later - (grown[index] ?? later))
    .sort((one, other) => one - other);
  return steps[Math.floor((steps.length - 1) / 2)];
}
