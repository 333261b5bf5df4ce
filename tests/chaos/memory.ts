/** Whether a daemon's memory grows from round to round. Pure. */
import { RECEIVERS } from './plan.ts';
import type { Facts } from './quiet.ts';

/** A process has to have lived through so many rounds; in the first it fills what it keeps for good. */
const GROWN_UP_ROUNDS = 5;
/** More than this a round is a leak: a round has thousands of messages and tens of thousands of reads. */
const MOST_GROWTH_KB = 1_024;
const MOST_RESIDENT_KB = 220 * 1_024;

/** @param quiets what each daemon used after each round, oldest first */
export function memoryComplaints(quiets: readonly Facts[]): string[] {
  return (['sender', ...RECEIVERS] as const).flatMap((name) => {
    const last = quiets.at(-1)?.[name];
    if (last === undefined) return [];
    const complaints = last.residentKb > MOST_RESIDENT_KB ? [`${name} has ${last.residentKb} kB resident`] : [];
    const growthKb = growth(
      quiets
        .map((facts) => facts[name])
        .filter(({ pid }) => pid === last.pid)
        .map(({ residentKb }) => residentKb),
    );
    if (growthKb !== undefined && growthKb > MOST_GROWTH_KB)
      complaints.push(`${name} grows by ${growthKb.toFixed(0)} kB a round`);
    return complaints;
  });
}

/** Kilobytes a round, by least squares; undefined for a process that is too young. */
export function growth(residentKb: readonly number[]): number | undefined {
  if (residentKb.length < GROWN_UP_ROUNDS) return undefined;
  const points = residentKb.slice(1).map((y, x) => ({ x, y }));
  const mean = (values: readonly number[]) => values.reduce((sum, value) => sum + value, 0) / values.length;
  const [meanX, meanY] = [mean(points.map(({ x }) => x)), mean(points.map(({ y }) => y))];
  const covariance = mean(points.map(({ x, y }) => (x - meanX) * (y - meanY)));
  return covariance / mean(points.map(({ x }) => (x - meanX) ** 2));
}
