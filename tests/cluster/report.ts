/** What a run came to, for people. */
import { cpus, release } from 'node:os';
import type { Figures } from './campaign.ts';
import { FAULT_KINDS } from './plan.ts';
import { PERIOD_MS } from './stage.ts';

/** From this many periods on it is called a long run. */
export const LONG_RUN_PERIODS = 100;

const seconds = (ms: number) => `${(ms / 1_000).toFixed(1)} s`;

/** A run in which something never came is no proof. */
export function verdict(complaints: readonly string[], { kinds }: Pick<Figures, 'kinds'>): string {
  if (complaints.length > 0) return `${complaints.length} complaints.`;
  const missing = FAULT_KINDS.filter((kind) => !kinds.has(kind));
  return missing.length > 0 ? `No complaint, but without ${missing.join(', ')}.` : 'All promises were kept.';
}

/** A block for docs/proof/cluster.md. */
export function markdown(
  figures: Figures,
  { seed, complaints }: { seed: number; complaints: readonly string[] },
): string {
  const { tookMs, kinds, agreedAfterMs, refreshes, ownRefreshes, early, takeOvers } = figures;
  const times = [...agreedAfterMs].sort((one, other) => one - other);
  const at = (fraction: number) => seconds(times[Math.floor((times.length - 1) * fraction)] ?? Number.NaN);
  const periods = tookMs / PERIOD_MS;
  const counted = FAULT_KINDS.map((kind) => `${kind} ${kinds.get(kind) ?? 0}`).join(', ');
  const machine = `${cpus().length} × ${cpus()[0]?.model ?? 'unknown'}, Linux ${release()}, Node ${process.version}`;
  return [
    `Run on ${new Date().toISOString().slice(0, 10)} with \`--seed ${seed}\`: ${periods.toFixed(0)} periods of ${PERIOD_MS / 1_000} s (${(tookMs / 60_000).toFixed(1)} minutes). ${verdict(complaints, figures)} ${machine}.`,
    '',
    '| what | figure |',
    '| --- | --- |',
    `| faults | ${counted} |`,
    `| refreshes shared by all | ${refreshes - ownRefreshes}; the bound is ${Math.ceil(periods) + takeOvers} (periods and take-overs) |`,
    `| refreshes of leaders cut off from the store, each for itself, beside those of the new leader | ${ownRefreshes} |`,
    `| take-overs | ${takeOvers}, of which ${early} brought a refresh sooner than a period after the one before |`,
    `| logins; refreshes that Schwab refused, of a login that had ended | ${figures.logins}; ${figures.refusals} |`,
    `| looks at a host that was owed a token, and had a valid one | ${figures.looks} |`,
    `| of all tokens handed out, the least time that one had left | ${seconds(figures.leastLeftMs)} |`,
    `| tokens taken by the five receivers, none of them older than the one before | ${figures.received} |`,
    `| from the last fault's end until all held the same | median ${at(0.5)}, at most ${at(1)} |`,
    `| lines in the fullest minute of a sender's log | ${figures.linesAMinute} |`,
  ].join('\n');
}
