/** The short form of `npm run cluster`: one round with a fixed seed, in which each kind of fault comes once. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { expect, onTestFinished, test } from 'vitest';

const SEED = 1;
const CLUSTER = join(import.meta.dirname, '../../scripts/cluster');

test('One login serves many machines, whichever of them, of the servers or of the links between them fails', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'relay-cluster-'));
  const cluster = spawn(CLUSTER, ['--short', '--seed', String(SEED), '--folder', folder], {
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  // All that it started ends with it.
  onTestFinished(() => void cluster.kill('SIGKILL'));
  const [output, complaints, [code]] = await Promise.all([
    text(cluster.stdout),
    text(cluster.stderr),
    once(cluster, 'close') as Promise<number[]>,
  ]);
  expect(code, `${output}\n${complaints}`).toBe(0);
  console.log(output.slice(output.indexOf('Run on ')));
  // The logs of a run that failed are kept; it has said where.
  rmSync(folder, { recursive: true, force: true });
});
