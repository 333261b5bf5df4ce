/**
 * `npm run fuzz -- [TARGET…] [--runs N] [--seed N] [--minutes N]`: the long run, with a report in Markdown at its end.
 * `npm run fuzz -- TARGET --input FILE`: one input again, as a finding has left it.
 */
import { readFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { keepFinding } from './keep-finding.ts';
import { formatReport } from './report.ts';
import { runTarget, type RunReport } from './run-target.ts';
import { loadTarget, targetNames } from './targets/index.ts';

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    runs: { type: 'string' },
    seed: { type: 'string' },
    minutes: { type: 'string' },
    input: { type: 'string' },
  },
});
const chosen = await Promise.all((positionals.length === 0 ? targetNames : positionals).map(loadTarget));
if (values.input === undefined) await fuzz();
else await repeat(values.input);

async function fuzz(): Promise<void> {
  const seed = values.seed === undefined ? Math.floor(Math.random() * 2 ** 31) : number('seed', values.seed);
  const runs = values.runs === undefined ? undefined : number('runs', values.runs);
  const minutes = values.minutes === undefined ? undefined : number('minutes', values.minutes);
  console.log(`fuzz: seed ${seed}`);
  const reports: RunReport[] = [];
  for (const target of chosen) {
    const report = await runTarget({
      target: target.name,
      seed,
      // With a time and no number, the time alone ends it.
      runs: runs ?? (minutes === undefined ? 'long' : Number.MAX_SAFE_INTEGER),
      ...(minutes === undefined ? {} : { forMs: (minutes * 60_000) / chosen.length }),
    });
    reports.push(report);
    console.log(oneLine(report));
  }
  console.log(`\n${formatReport(reports, chosen, seed, process.argv.slice(2))}`);
  process.exitCode = reports.every(({ finding }) => finding === undefined) ? 0 : 1;
}

async function repeat(file: string): Promise<void> {
  const [target] = chosen;
  if (chosen.length !== 1 || target === undefined) throw new Error('--input is for one target: name it');
  const input = new Uint8Array(readFileSync(file));
  const open = await target.open();
  try {
    await open.check(input);
    console.log(`${file}: every promise is kept`);
  } finally {
    await open.close?.();
  }
}

function oneLine({ target, inputs, seconds, finding }: RunReport): string {
  const head = `${target}: ${inputs} inputs in ${seconds.toFixed(0)} s`;
  if (finding === undefined) return `${head}, nothing found`;
  const file = keepFinding(target, finding);
  return `${head}, FOUND ${finding.promise}: ${finding.message}\n  again: npm run fuzz -- ${target} --input ${file}`;
}

function number(name: string, text: string): number {
  const value = Number(text);
  if (!Number.isFinite(value) || value < 0) throw new Error(`--${name} is a number`);
  return value;
}
