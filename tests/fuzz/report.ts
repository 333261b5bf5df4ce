/** The report of a long run, as the block that docs/proof/fuzz.md holds. */
import { cpus, release, type as system } from 'node:os';
import type { RunReport } from './run-target.ts';
import type { FuzzTarget } from './target.ts';

export function formatReport(
  reports: readonly RunReport[],
  targets: readonly FuzzTarget[],
  seed: number,
  args: readonly string[],
): string {
  const total = reports.reduce((sum, { inputs }) => sum + inputs, 0);
  const seconds = reports.reduce((sum, report) => sum + report.seconds, 0);
  const found = reports.filter(({ finding }) => finding !== undefined);
  const date = new Date().toISOString().slice(0, 10);
  const machine = `${cpus().length} × ${cpus()[0]?.model.trim() ?? 'unknown'}, ${system()} ${release()}, Node.js ${process.version}`;
  return [
    `\`npm run fuzz${args.length === 0 ? '' : ` -- ${args.join(' ')}`}\`, ${date}, seed ${seed}: **${thousands(total)} inputs in ${(seconds / 60).toFixed(1)} minutes, ${found.length === 0 ? 'nothing found' : `${found.length} findings`}.** ${machine}.`,
    '',
    '| target | what is fed | inputs | a second | kept | memory, MiB | descriptors | found |',
    '| --- | --- | ---: | ---: | ---: | ---: | ---: | --- |',
    ...reports.map(
      (report) =>
        `| ${row(
          report,
          targets.find(({ name }) => name === report.target),
        ).join(' | ')} |`,
    ),
    '',
  ].join('\n');
}

function row({ target, inputs, seconds, kept, usage, finding }: RunReport, fed: FuzzTarget | undefined): string[] {
  const settled = usage.slice(Math.floor(usage.length / 4));
  const [first, last] = [settled[0], settled.at(-1)];
  const change = (from: number | undefined, to: number | undefined, digits: number) =>
    from === undefined || to === undefined ? '' : `${from.toFixed(digits)} → ${to.toFixed(digits)}`;
  const inMiB = (bytes: number | undefined) => (bytes === undefined ? undefined : bytes / 1024 ** 2);
  return [
    `\`${target}\``,
    fed?.feeds ?? '',
    thousands(inputs),
    thousands(Math.round(inputs / seconds)),
    fed?.isGuided === true ? String(kept) : '–',
    change(inMiB(first?.memoryBytes), inMiB(last?.memoryBytes), 1),
    change(first?.descriptors, last?.descriptors, 0),
    finding === undefined ? 'nothing' : finding.promise,
  ];
}

function thousands(value: number): string {
  return value.toLocaleString('en-US').replaceAll(',', ' ');
}
