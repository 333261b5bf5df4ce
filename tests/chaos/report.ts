/** What a run came to, for people. */
import { cpus, release } from 'node:os';
import type { Campaign } from './campaign.ts';
import { growth } from './memory.ts';
import { faultName, RECEIVERS, strikeText, type Strike } from './plan.ts';

const DAEMONS = ['sender', ...RECEIVERS] as const;
const LAST_LINES = 60;

const seconds = (ms: number) => `${(ms / 1_000).toFixed(1)} s`;

/** A run that is no proof is not said to have kept the promises. */
export function verdict(complaints: readonly string[], invalidities: readonly string[]): string {
  if (complaints.length > 0) return `${complaints.length} complaints.`;
  if (invalidities.length > 0) return `No complaint, and not a valid long run: ${invalidities.join('; ')}.`;
  return 'All promises were kept.';
}

/** A block for docs/proof/chaos.md. */
export function markdown(campaign: Campaign, { seed, tookMs }: { seed: number; tookMs: number }): string {
  const { results, witness, stage, faults, book } = campaign;
  const times = results.map(({ recoveredMs }) => recoveredMs).sort((a, b) => a - b);
  const at = (fraction: number) => seconds(times[Math.floor((times.length - 1) * fraction)] ?? Number.NaN);
  const strikes = results.flatMap((result) => result.strikes);
  const kinds = [...new Set(strikes.map(({ fault }) => faultName(fault)))].sort();
  const count = (kind: string) => strikes.filter(({ fault }) => faultName(fault) === kind).length;
  const machine = `${cpus().length} × ${cpus()[0]?.model ?? 'unknown'}, Linux ${release()}, Node ${process.version}`;
  const rows = DAEMONS.map((name) => {
    const facts = results.map((result) => result.facts[name]);
    const first = facts[0];
    const last = facts.at(-1);
    const oldest = oldestLife(facts);
    const grows = growth(oldest);
    return `| ${name} | ${stage.daemons[name].starts} | ${stage.daemons[name].failedStarts} | ${first?.descriptors ?? '?'} → ${last?.descriptors ?? '?'} | ${mb(first?.residentKb)} → ${mb(last?.residentKb)} | ${oldest.length} | ${mb(oldest[0])} → ${mb(oldest.at(-1))} | ${grows === undefined ? '–' : `${grows.toFixed(0)} kB`} |`;
  });
  return [
    `Run on ${new Date().toISOString().slice(0, 10)} with \`--seed ${seed}\`: ${(tookMs / 60_000).toFixed(1)} minutes, ${results.length} rounds, ${strikes.length} faults (${kinds.map((kind) => `${kind} ${count(kind)}`).join(', ')}). ${verdict(witness.complaints, campaign.invalidities(tookMs))} ${machine}.`,
    '',
    `The load was ${Math.max(0, ...results.map(({ load }) => load)).toFixed(1)} on a core at most. From the last fault's end until everybody had the newest token: median ${at(0.5)}, at most ${at(1)}. Tokens that Schwab gave: ${book.issuedCount}; test messages: ${book.madeCount}. The token file was put back by hand ${faults.restoredTokenFiles} times. The fullest minute of a log had ${campaign.fullestMinute()} lines.`,
    '',
    `What was looked at: ${[...witness.counts].map(([what, times]) => `${what} ${times}`).join('; ')}.`,
    '',
    '| daemon | starts | of these failed | descriptors, first quiet → last | resident | longest life, in rounds | heap in it | growth of it a round |',
    '| --- | --- | --- | --- | --- | --- | --- | --- |',
    ...rows,
  ].join('\n');
}

function oldestLife(facts: readonly { readonly pid: number; readonly heapKb: number }[]): number[] {
  const lives = new Map<number, number[]>();
  for (const { pid, heapKb } of facts) lives.set(pid, [...(lives.get(pid) ?? []), heapKb]);
  return [...lives.values()].sort((one, other) => other.length - one.length)[0] ?? [];
}

const mb = (kb: number | undefined) => `${((kb ?? Number.NaN) / 1_024).toFixed(1)} MB`;

/** Why a round failed, and how to see it again. */
export function failureText(
  campaign: Campaign,
  { round, strikes, repeat }: { round: number; strikes: readonly Strike[]; repeat: string },
): string {
  const { witness, stage } = campaign;
  const logs = stage
    .all()
    .flatMap((daemon) => ['', `The last lines of ${daemon.name}:`, ...daemon.lines().slice(-LAST_LINES)]);
  return [
    `Round ${round} failed:`,
    ...witness.complaints.map((complaint) => `- ${complaint}`),
    '',
    'Its faults:',
    ...strikes.map(strikeText),
    ...logs,
    '',
    `To repeat this round alone: ${repeat}`,
  ].join('\n');
}
