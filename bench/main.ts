/** `npm run bench`: every figure in one run, beside what it is compared with. */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { cpus, release, tmpdir } from 'node:os';
import { join } from 'node:path';
import { footprint } from './footprint.ts';
import { ingest } from './ingest.ts';

const root = join(import.meta.dirname, '..');
const folder = mkdtempSync(join(tmpdir(), 'token-relay-bench-'));
try {
  const python = execFileSync('python3', ['--version'], { encoding: 'utf8' }).trim();
  const processors = cpus();
  console.log(
    `Measured on ${new Date().toISOString().slice(0, 10)}: ${processors.length} × ${processors[0]?.model ?? 'unknown'}, Linux ${release()}, Node ${process.version}, ${python}. Medians of several rounds, taken in turn.\n`,
  );
  console.log('Ingest: connect, send 2.5 kB of JSON, read `OK`, close.\n');
  console.log(await ingest(folder, root));
  console.log('\nFootprint: each daemon as it is deployed, bundled into one file, with its log file.\n');
  console.log(await footprint(folder, root));
} finally {
  rmSync(folder, { recursive: true, force: true });
}
