/**
 * The real sender, killed and failed at each system call of the save that follows a refresh: the login is there for the next
 * start, applications have the new token all the same, and what is not saved is saved as soon as it can be.
 */
import { readdirSync, readFileSync, statSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { beforeAll, expect, test } from 'vitest';
import type { Program } from '../system/processes.ts';
import { pathsOfSave } from './known-paths.ts';
import { RealPair } from './real-sender.ts';
import { forEach } from './save-rig.ts';
import { parseTrace, straceWords, THE_SAME_EACH_TIME, type Call, type Injection } from './strace.ts';

/** In turn, so that each comes at some of the calls; save-faults.test.ts has all of them at each. */
const ERRORS = ['ENOSPC', 'EIO', 'EROFS', 'EDQUOT'] as const;

const NODE_OPTIONS = `--import=${join(import.meta.dirname, 'known-names.ts')}`;

function start(pair: RealPair, fault?: { call: Call; what: Injection }): Program {
  const inject = fault === undefined ? [] : [{ name: fault.call.name, when: String(fault.call.nth), what: fault.what }];
  const through = straceWords(pair.bench.path('strace'), { paths: pathsOfSave(pair.tokenFile), inject });
  return pair.startSender({ through, env: { ...THE_SAME_EACH_TIME, NODE_OPTIONS } });
}

/** From the birth of the first temporary file until the folder is synced and closed. */
function savingCalls(calls: readonly Call[]): readonly Call[] {
  const begin = calls.findIndex(({ name, text }) => name === 'openat' && text.includes('.tmp"'));
  const synced = calls.findIndex(
    ({ name, text }, index) => index > begin && name === 'fsync' && text.includes('/tokens>'),
  );
  if (begin === -1 || synced === -1) throw new Error('no save in the trace');
  return calls.slice(begin, synced + 2);
}

let calls: readonly Call[];
beforeAll(async () => {
  await using pair = await RealPair.make();
  const sender = start(pair);
  await sender.line(/delivered/);
  expect(await pair.command('refresh')).toMatchObject({ code: 0 });
  await sender.stop();
  calls = savingCalls(parseTrace(await readFile(pair.bench.path('strace'), 'utf8')));
  expect(calls.map(({ name }) => name)).toEqual(
    expect.arrayContaining(['openat', 'write', 'fsync', 'rename', 'close']),
  );
});

/** The refresh tokens and access tokens of the file, which must be whole, and its owner's alone. */
function savedToken(pair: RealPair): string {
  expect(statSync(pair.tokenFile).mode & 0o777).toBe(0o600);
  const file = JSON.parse(readFileSync(pair.tokenFile, 'utf8')) as {
    token: { access_token: string; refresh_token: string };
  };
  expect(file.token.refresh_token).not.toBe('');
  return file.token.access_token;
}

/** Runs the work for each call, and names the call that it failed at. */
async function atEachCall(work: (call: Call, index: number) => Promise<void>): Promise<void> {
  await forEach([...calls.entries()], async ([index, call]) => {
    try {
      await work(call, index);
    } catch (cause) {
      throw new Error(`at ${call.name} (no. ${call.nth}) ${call.text.slice(0, 120)}: ${String(cause)}`, { cause });
    }
  });
}

test('killed at each call of a save, the sender finds a whole login when it is started again, and goes on from it', async () => {
  await atEachCall(async (call) => {
    await using pair = await RealPair.make();
    const before = pair.issued();
    const sender = start(pair, { call, what: { signal: 'SIGKILL' } });
    await sender.line(/delivered/);
    await pair.command('refresh');
    expect(await sender.finished).toMatchObject({ signal: 'SIGKILL' });
    expect([before, pair.issued()]).toContain(savedToken(pair));
    for (const file of readdirSync(pair.folder)) expect(statSync(join(pair.folder, file)).mode & 0o077).toBe(0);

    const next = pair.startSender();
    await next.line(/control socket/);
    expect(await pair.command('refresh')).toMatchObject({ code: 0 });
    await pair.delivered();
    await next.stop();
    expect(savedToken(pair)).toBe(pair.issued());
    expect(readdirSync(pair.folder)).toEqual([basename(pair.tokenFile)]);
  });
});

test('failed at each call of a save, the sender delivers the new token all the same, says once that it is not saved, and saves it soon', async () => {
  let notSaved = 0;
  await atEachCall(async (call, index) => {
    await using pair = await RealPair.make();
    const sender = start(pair, { call, what: { error: ERRORS[index % ERRORS.length] ?? 'EIO' } });
    await sender.line(/delivered/);
    const { text } = await pair.command('refresh');
    await pair.delivered();
    await sender.line(/Tokens saved to /);
    expect(savedToken(pair)).toBe(pair.issued());
    const loud = sender.lines.filter((line) => line.includes('ERROR'));
    if (/but not saved: could not save/.test(text)) {
      notSaved += 1;
      expect(loud).toEqual([expect.stringMatching(/in memory only: do not stop the sender; trying again/)]);
      expect(sender.count(/Tokens saved to .* after all/)).toBe(1);
    } else expect(loud).toEqual([]);
    await sender.stop();
    expect(readdirSync(pair.folder)).toEqual([basename(pair.tokenFile)]);
  });
  // Most calls are ones without which nothing is saved.
  expect(notSaved).toBeGreaterThanOrEqual(6);
});
