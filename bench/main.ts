/** `npm run bench`: every figure in one run, beside what it is compared with. `npm run bench -- fan-out` measures that part only. */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { cpus, release, tmpdir } from 'node:os';
import { join } from 'node:path';
import { fanOut } from './fan-out.ts';
import { footprint } from './footprint.ts';
import { ingest } from './ingest.ts';
import { silentConnections } from './silent-connections.ts';
import { tokenReads } from './token-reads.ts';

interface Part {
  readonly measure: (folder: string, root: string) => Promise<string>;
  readonly title: string;
}

const parts: Readonly<Record<string, Part>> = {
  ingest: { measure: ingest, title: 'Ingest: connect, send 2.5 kB of JSON, read `OK`, close.' },
  'token-reads': {
    measure: tokenReads,
    title: 'Token reads: `GET /v1/token`, one after the other on each connection.',
  },
  'fan-out': {
    measure: fanOut,
    title: 'Fan-out: from the `OK` to a sender until the new token is with each reader of the events.',
  },
  'silent-connections': {
    measure: silentConnections,
    title: 'Silent connections: one message after the other, as in ingest, beside connections that send nothing.',
  },
  footprint: {
    measure: footprint,
    title: 'Footprint: each daemon as it is deployed, bundled into one file, with its log file.',
  },
};

const asked = process.argv.slice(2);
const unknown = asked.filter((name) => !(name in parts));
if (unknown.length > 0) {
  console.error(`There is no part "${unknown.join('", "')}". The parts are: ${Object.keys(parts).join(', ')}`);
  process.exit(2);
}
const chosen = Object.entries(parts).filter(([name]) => asked.length === 0 || asked.includes(name));

const root = join(import.meta.dirname, '..');
const folder = mkdtempSync(join(tmpdir(), 'token-relay-bench-'));
try {
  const python = execFileSync('python3', ['--version'], { encoding: 'utf8' }).trim();
  const processors = cpus();
  console.log(
    `Measured on ${new Date().toISOString().slice(0, 10)}: ${processors.length} × ${processors[0]?.model ?? 'unknown'}, Linux ${release()}, Node ${process.version}, ${python}. Medians of several rounds, taken in turn.`,
  );
  for (const [, { measure, title }] of chosen) {
    console.log(`\n${title}\n`);
    console.log(await measure(folder, root));
  }
} finally {
  rmSync(folder, { recursive: true, force: true });
}
