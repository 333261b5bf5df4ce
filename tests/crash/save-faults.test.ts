/**
 * Promise 1 under the worst: each save of the product is killed, and failed in every way that the system has, at each of its
 * system calls. The calls are found by tracing a save that goes well.
 */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { problemsOf } from './judge-save.ts';
import { forEach, SaveRig, type Fault } from './save-rig.ts';
import type { SaveCall } from './single-out.ts';
import { SAVER_NAMES, type SaverName } from './savers.ts';
import type { Injection } from './strace.ts';

const ERRORS = ['EIO', 'ENOSPC', 'EROFS', 'EINTR', 'EDQUOT'] as const;
/** The token file is what must not be lost: everything is tried with it. */
const ERRORS_OF: Record<SaverName, readonly string[]> = {
  'token file': ERRORS,
  // The same calls, of another text.
  'encrypted token file': ['EIO', 'ENOSPC'],
  sink: ['EIO', 'ENOSPC', 'EINTR'],
  reminders: ['EIO', 'ENOSPC', 'EINTR'],
  'state file in memory': ['EIO', 'ENOSPC', 'EINTR'],
  'state file on a disk': ['EIO', 'ENOSPC', 'EINTR'],
};
/** What strace says that a write wrote, which wrote nothing. */
const SHORT_WRITE: Injection = { retval: 7 };

let rig: SaveRig;
/** For the figures of docs/proof/crash.md. */
const tried = new Map<SaverName, { calls: number; runs: number }>();
beforeAll(async () => {
  rig = await SaveRig.make();
});
afterAll(() => {
  rig.close();
  if (process.env['CRASH_FIGURES'] === undefined) return;
  const rows = [...tried].map(([name, { calls, runs }]) => `| ${name} | ${calls} | ${runs} |`);
  console.log(['| file | calls of a save | runs |', '| --- | --- | --- |', ...rows].join('\n'));
});

describe.each(SAVER_NAMES)('a save of the %s', (name) => {
  let calls: readonly SaveCall[];
  beforeAll(async () => {
    calls = await rig.callsOf(name);
  });

  /** Every problem of every run, so that one failure shows all of them. */
  async function problemsWith(runs: readonly (readonly Fault[])[]): Promise<string[]> {
    const problems: string[] = [];
    await forEach(runs, async (faults) => {
      tried.set(name, { calls: calls.length - 1, runs: (tried.get(name)?.runs ?? 0) + 1 });
      const where = faults.map(({ call }) => describeCall(call)).join(', then ');
      problems.push(...problemsOf(await rig.run(name, faults), faults).map((problem) => `${where}: ${problem}`));
    });
    return problems;
  }
  const each = (chosen: readonly SaveCall[], what: Injection): Fault[][] => chosen.map((call) => [{ call, what }]);

  test('killed before each of its calls, and after the last, leaves the old file or the new one', async () => {
    expect(await problemsWith(each(calls, { signal: 'SIGKILL' }))).toEqual([]);
  });

  test.each(ERRORS_OF[name])(
    'failed with %s at each of its calls is said, and made good by the next',
    async (error) => {
      expect(await problemsWith(each(calls.slice(0, -1), { error }))).toEqual([]);
    },
  );

  test('whose write is short does not take half of it for the whole', async () => {
    const writes = calls.filter((call) => /^p?writev?(64)?$/.test(call.name));
    expect(writes).not.toEqual([]);
    expect(await problemsWith(each(writes, SHORT_WRITE))).toEqual([]);
  });

  test('that fails, and is then killed or failed while it cleans up, is cleaned up after by the next', async () => {
    const rename = calls.find((call) => call.name.startsWith('rename'));
    if (rename === undefined) throw new Error('no rename');
    const failing: Fault = { call: rename, what: { error: 'EROFS' } };
    const all = await rig.callsOf(name, [failing]);
    const cleaning = all.slice(all.findIndex((call) => call.injected) + 1, -1);
    expect(cleaning.map((call) => call.name)).toContain('unlink');
    const kills = cleaning.map((call): Fault[] => [failing, { call, what: { signal: 'SIGKILL' } }]);
    const errors = cleaning.map((call): Fault[] => [failing, { call, what: { error: 'EIO' } }]);
    expect(await problemsWith([...kills, ...errors])).toEqual([]);
  });
});

describe.each(['token file', 'encrypted token file', 'sink', 'reminders'] as const)('a save of the %s', (name) => {
  test('is on the disk before it is called saved: private from birth, synced, renamed, its folder synced', async () => {
    const calls = await rig.callsOf(name);
    const steps = [
      ['openat', /\.tmp", O_WRONLY\|O_CREAT\|O_EXCL\|[A-Z_|]*, 0600\)/],
      ['write', /\.tmp>/],
      ['fsync', /\.tmp>/],
      ['rename', /\.tmp", ".*\.json"\)/],
      ['fsync', /\/crash-\w+>\)/],
    ] as const;
    let from = 0;
    for (const [call, text] of steps) {
      const found = calls.findIndex((made, index) => index >= from && made.name === call && text.test(made.text));
      expect({ call, isThere: found !== -1 }, calls.map(describeCall).join('\n')).toEqual({ call, isThere: true });
      from = found + 1;
    }
    const writes = calls.filter((made) => made.name === 'write');
    expect(calls.indexOf(writes.at(-1) ?? calls[0] ?? never())).toBeLessThan(
      calls.findIndex((made) => made.name === 'fsync'),
    );
  });
});

function never(): never {
  throw new Error('no call');
}

const describeCall = ({ name, nth, text }: SaveCall): string => `${name} (no. ${nth}) ${text.slice(0, 120)}`;
