/**
 * `npm run bench`: every figure in one run, beside what it is compared with, as Markdown for docs/benchmarks.md.
 * `npm run bench -- fan-out` measures that part only; `--quick` only sees whether everything still works.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { clientCalls } from './client-calls.ts';
import { cluster } from './cluster/cluster.ts';
import { fileSystemOf } from './disk.ts';
import { fanOut } from './fan-out.ts';
import { footprint } from './footprint.ts';
import { goalsTable, type Goal } from './goals.ts';
import { idle } from './idle.ts';
import { ingest } from './ingest.ts';
import { describeMachine, loadAverage } from './machine.ts';
import { million } from './million.ts';
import type { Part } from './part.ts';
import { compilePrograms } from './programs.ts';
import { silentConnections } from './silent-connections.ts';
import { size } from './size.ts';
import { targets } from './targets.ts';
import { tokenReads } from './token-reads.ts';
import { week } from './week.ts';
import { writers } from './writers.ts';

const parts: Readonly<Record<string, Part>> = {
  ingest,
  'token-reads': tokenReads,
  'fan-out': fanOut,
  week,
  idle,
  'client-calls': clientCalls,
  footprint,
  million,
  size,
  writers,
  targets,
  'silent-connections': silentConnections,
  cluster,
};

const { values, positionals: asked } = parseArgs({
  allowPositionals: true,
  options: { quick: { type: 'boolean', default: false } },
});
const unknown = asked.filter((name) => !(name in parts));
if (unknown.length > 0) {
  console.error(`There is no part "${unknown.join('", "')}". The parts are: ${Object.keys(parts).join(', ')}`);
  process.exit(2);
}
const chosen = Object.entries(parts).filter(([name, { isExtra = false }]) =>
  asked.length === 0 ? !isExtra : asked.includes(name),
);

const root = join(import.meta.dirname, '..');
// What is saved has to go to a disk.
const parent = ['tmpfs', 'ramfs'].includes(fileSystemOf(tmpdir())) ? root : tmpdir();
const folder = mkdtempSync(join(parent, 'token-relay-bench-'));
process.once('exit', () => rmSync(folder, { recursive: true, force: true }));
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => process.exit(1));

const startedAt = performance.now();
const loadAtStart = loadAverage();
const programs = compilePrograms(root, join(folder, 'programs'));
console.log(describeMachine());
if (values.quick)
  console.log('\nA quick run: its figures mean nothing, it only shows that everything can be measured.');
const goals: Goal[] = [];
for (const [name, { measure, title }] of chosen) {
  console.error(`bench: ${name}`);
  const findings = await measure({ folder, root, quick: values.quick, programs });
  console.log(`\n## ${title}\n\n${findings.text}`);
  goals.push(...(findings.goals ?? []));
}
if (goals.length > 0) console.log(`\n## Against the goals\n\n${goalsTable(goals)}`);
const minutes = ((performance.now() - startedAt) / 60_000).toFixed(1);
console.log(
  `\nThe run took ${minutes} minutes; load average ${loadAtStart} at its start and ${loadAverage()} at its end.`,
);
