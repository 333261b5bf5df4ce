/** The short form of `npm run soak`: two rounds with a fixed seed, in which each kind of fault comes once at least. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { expect, onTestFinished, test } from 'vitest';

const SEED = 561;
const SOAK = join(import.meta.dirname, '../../scripts/soak');

test('Nothing needs a restart to recover: both daemons under faults of every kind keep their promises', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'relay-chaos-'));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  const args = ['--short', '--rounds', '2', '--seed', String(SEED), '--folder', folder];
  const soak = spawn(SOAK, args, { stdio: ['ignore', 'pipe', 'pipe'] });
  // All that it started ends with it.
  onTestFinished(() => void soak.kill('SIGKILL'));
  const [output, complaints, [code]] = await Promise.all([
    text(soak.stdout),
    text(soak.stderr),
    once(soak, 'close') as Promise<number[]>,
  ]);
  expect(code, `${output}\n${complaints}`).toBe(0);
  console.log(output.slice(output.indexOf('Run on ')));
});
