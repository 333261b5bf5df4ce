import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { expect, test } from 'vitest';
import { recordingEnvironment, recordOutput } from '../record/record.ts';

const root = join(import.meta.dirname, '../..');

test('npm start with the sandbox says so in its first line, and shows a token refreshed, saved, pushed and acknowledged', async () => {
  const runtime = await mkdtemp(join(tmpdir(), 'relay-start-'));
  const pair = spawn(process.execPath, ['scripts/run-pair.ts', '--sandbox'], {
    cwd: root,
    env: { PATH: process.env['PATH'], XDG_RUNTIME_DIR: runtime, ...recordingEnvironment() },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const closed = once(pair, 'close') as Promise<[number | null]>;
  try {
    const lines: string[] = [];
    let asked = false;
    for await (const line of createInterface({ input: pair.stdout })) {
      lines.push(line);
      recordOutput('npm-start', `${line}\n`);
      if (/generation 2/.test(line) && !asked) {
        asked = true;
        pair.kill('SIGINT');
      }
    }
    expect(lines[0]).toMatch(/running against the sandbox, a stand-in for Schwab; its made-up tokens live 12 seconds/);
    const printed = lines.join('\n');
    for (const event of [
      /sender .* Token refreshed/,
      /sender .* Tokens saved/,
      /sender .* Token delivered .*acknowledged/,
    ]) {
      expect(printed).toMatch(event);
    }
    expect((await closed)[0]).toBe(0);
    // What the next start goes on from, and no socket.
    expect(await readdir(join(runtime, 'token-relay'))).toEqual(['api.state.json']);
  } finally {
    pair.kill('SIGKILL');
    await closed;
    await rm(runtime, { recursive: true, force: true });
  }
});
