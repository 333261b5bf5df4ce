import {
  chmodSync,
  chownSync,
  existsSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { describe, expect, onTestFinished, test } from 'vitest';
import { until } from '../../../tests/rigs/until.ts';
import { WaitingLog } from '../../../tests/rigs/waiting-log.ts';
import { asOrdinaryUser } from '../../../tests/rigs/ordinary-user.ts';
import { canMount } from '../../../tests/rigs/small-disk.ts';
import { readState } from '../src/holding/read-state.ts';
import { StateFile } from '../src/holding/state-file.ts';
import { formatState } from '../src/holding/state-text.ts';
import { fill, holdingRig, IN_MEMORY, nextToken, ON_DISK, smallDisk, temporaryFolder } from './holding-rig.ts';

const uid = process.getuid?.() ?? 0;

/** A state file with one token in it. */
function stateText(accessToken = 'made-up-token', generation = 1): string {
  const message = { accessToken, expiresAtMs: Date.now() + 1_800_000 };
  return formatState(
    { generation, held: { message, generation, receivedAtMs: Date.now(), from: 'unix' } },
    `[{"generation":${generation},"fingerprint":"0123abcd","received_at_ms":1,"from":"unix","refresh_token":"none"}]`,
  );
}

function stateFile(path: string, text: (withToken: boolean) => string = () => stateText(), isDefault = true) {
  const log = new WaitingLog('receiver-log');
  const file = new StateFile({ path, isDefault, log, text });
  onTestFinished(() => file.close());
  return { file, log };
}

function read(path: string, owner = uid) {
  const log = new WaitingLog('receiver-log');
  return { state: readState(path, { uid: owner, log }), warnings: log.at('WARN') };
}

describe('in memory', () => {
  test('what a receiver held is there for the next one, soon after the acknowledgement', async () => {
    const path = join(temporaryFolder(IN_MEMORY), 'state.json');
    const { holder, deliver } = await holdingRig();
    const { file, log } = stateFile(path, (withToken) => holder.stateText(withToken));
    holder.onToken(() => file.changed());
    const next = nextToken(holder);
    await deliver('made-up-token', { expiresInMs: 1_800_000, refreshToken: 'made-up-refresh' });
    await next;
    await until(() => file.report().writes === 1);
    const { state, warnings } = read(path);
    expect(state).toMatchObject({ generation: 1, held: { message: { accessToken: 'made-up-token' } } });
    expect(state.history).toEqual(holder.history());
    expect(readFileSync(path, 'utf8')).not.toContain('made-up-refresh');
    expect([warnings, log.lines]).toEqual([[], []]);
    expect(file.report()).toMatchObject({ state: 'ok', failures: 0 });
  });

  test.each([0o000, 0o022, 0o077])('under umask %o it is 0600', async (umask) => {
    const folder = temporaryFolder(IN_MEMORY);
    const before = process.umask(umask);
    onTestFinished(() => void process.umask(before));
    const { file } = stateFile(join(folder, 'state.json'));
    file.changed();
    await file.close();
    expect(statSync(join(folder, 'state.json')).mode & 0o7777).toBe(0o600);
    expect(readdirSync(folder)).toEqual(['state.json']);
  });

  test('a burst is written once for a turn of the event loop, and the newest is what stays', async () => {
    const path = join(temporaryFolder(IN_MEMORY), 'state.json');
    let generation = 0;
    const { file } = stateFile(path, () => stateText('made-up-token', generation));
    for (let count = 1; count <= 1_000; count += 1) {
      generation = count;
      file.changed();
    }
    await file.close();
    expect(file.report().writes).toBe(1);
    expect(read(path).state.generation).toBe(1_000);
  });

  test('stopping writes what is not written yet, and nothing after that', async () => {
    const path = join(temporaryFolder(IN_MEMORY), 'state.json');
    const { file } = stateFile(path);
    file.changed();
    await file.close();
    expect(read(path).state.generation).toBe(1);
    file.changed();
    await file.close();
    expect(file.report().writes).toBe(1);
  });

  test('what a killed process left beside it is removed', async () => {
    const folder = temporaryFolder(IN_MEMORY);
    writeFileSync(join(folder, '.state.json.0123456789abcdef.tmp'), 'made-up');
    const { file } = stateFile(join(folder, 'state.json'));
    file.changed();
    await file.close();
    expect(readdirSync(folder)).toEqual(['state.json']);
  });
});

describe('on a disk', () => {
  test.each([
    ['of the default path: information', true, 'INFO'],
    ['of a path that was asked for: a warning', false, 'WARN'],
  ] as const)(
    'the token is not written; the generation and the history are. Said once, %s',
    async (_, isDefault, level) => {
      const path = join(temporaryFolder(ON_DISK), 'state.json');
      const { holder, deliver } = await holdingRig();
      const { file, log } = stateFile(path, (withToken) => holder.stateText(withToken), isDefault);
      holder.onToken(() => file.changed());
      for (const number of [1, 2]) {
        const next = nextToken(holder);
        await deliver(`made-up-${number}`);
        await next;
        await until(() => existsSync(path) && read(path).state.generation === number);
      }
      expect(readFileSync(path, 'utf8')).not.toContain('made-up');
      expect(statSync(path).mode & 0o777).toBe(0o600);
      expect(read(path).state.history).toHaveLength(2);
      await file.close();
      expect(log.lines).toEqual([expect.stringMatching(`^${level} The state file ${path} is on a disk`)]);
    },
  );
});

describe('a file that cannot be trusted: a warning, an empty start, and it is moved aside for the next one', () => {
  test.each<[string, (path: string) => void, string]>([
    [
      'a torn one',
      (path) => writeFileSync(path, stateText().slice(0, -20), { mode: 0o600 }),
      'is not what this version',
    ],
    ['an empty one', (path) => writeFileSync(path, '', { mode: 0o600 }), 'is not what this version'],
    [
      'of another program',
      (path) => writeFileSync(path, '{"version":"1.0"}', { mode: 0o600 }),
      'is not what this version',
    ],
    [
      'one that others can read',
      (path) => writeFileSync(path, stateText(), { mode: 0o640 }),
      'read or written by others (mode 0640)',
    ],
    [
      'one that is too large',
      (path) => writeFileSync(path, Buffer.alloc(17 * 1024 * 1024), { mode: 0o600 }),
      'too large',
    ],
    ['a folder', (path) => mkdirSync(path), 'is not a regular file'],
    [
      'a link, even to a good one',
      (path) => {
        writeFileSync(`${path}.target`, stateText(), { mode: 0o600 });
        symlinkSync(`${path}.target`, path);
      },
      'is a link',
    ],
  ])('%s', async (_, make, problem) => {
    const path = join(temporaryFolder(IN_MEMORY), 'state.json');
    make(path);
    const { state, warnings } = read(path);
    expect(state).toEqual({ generation: 0, history: [] });
    expect(warnings).toEqual([expect.stringContaining(problem)]);
    expect(warnings[0]).toContain(`moved to ${path}.old`);
    expect(warnings[0]).not.toContain('made-up');
    const before = lstatSync(path).ino;
    const { file } = stateFile(path);
    file.changed();
    await file.close();
    expect(lstatSync(`${path}.old`).ino).toBe(before);
    expect(read(path).state.generation).toBe(1);
  });

  test.each([0o644, 0o666, 0o604])('what others could read (%o), they cannot read aside', async (mode) => {
    const path = join(temporaryFolder(IN_MEMORY), 'state.json');
    writeFileSync(path, stateText());
    chmodSync(path, mode);
    const { file } = stateFile(path);
    file.changed();
    await file.close();
    expect(readFileSync(`${path}.old`, 'utf8')).toContain('made-up-token');
    expect(statSync(`${path}.old`).mode & 0o7777).toBe(0o600);
  });

  test('the file that a link leads to keeps its mode', async () => {
    const path = join(temporaryFolder(IN_MEMORY), 'state.json');
    writeFileSync(`${path}.target`, '');
    chmodSync(`${path}.target`, 0o644);
    symlinkSync(`${path}.target`, path);
    const { file } = stateFile(path);
    file.changed();
    await file.close();
    expect(statSync(`${path}.target`).mode & 0o777).toBe(0o644);
  });

  test("another user's", () => {
    const path = join(temporaryFolder(IN_MEMORY), 'state.json');
    writeFileSync(path, stateText(), { mode: 0o600 });
    const { state, warnings } = read(path, uid + 1);
    expect([state.generation, warnings[0]]).toEqual([
      0,
      expect.stringContaining(`belongs to user ${uid}, not to this`),
    ]);
  });

  test('one that this user may not even read', async () => {
    const folder = temporaryFolder(IN_MEMORY);
    const path = join(folder, 'state.json');
    writeFileSync(path, stateText(), { mode: 0o600 });
    if (uid !== 0) chmodSync(folder, 0o555);
    if (uid !== 0) chmodSync(path, 0o000);
    const { state, warnings } = await asOrdinaryUser([], () => Promise.resolve(read(path, 65_534)));
    expect([state.generation, warnings[0]]).toEqual([0, expect.stringMatching(/cannot be read \(EACCES\)/)]);
  });
});

test('no file, or no folder, is no reason for a word', () => {
  const folder = temporaryFolder(IN_MEMORY);
  for (const path of [join(folder, 'state.json'), join(folder, 'missing', 'state.json')]) {
    expect(read(path)).toEqual({ state: { generation: 0, history: [] }, warnings: [] });
  }
});

test('an expired token is restored as expired, and the generation goes on', async () => {
  const message = { accessToken: 'made-up-old', expiresAtMs: Date.now() - 1_000 };
  const path = join(temporaryFolder(IN_MEMORY), 'state.json');
  const held = { message, generation: 41, receivedAtMs: Date.now() - 1_800_000, from: 'unix' as const };
  writeFileSync(path, formatState({ generation: 41, held }, '[]'), { mode: 0o600 });
  const { holder, deliver } = await holdingRig({ restored: read(path).state });
  expect(holder.freshness()).toEqual({ kind: 'expired', expiredAtMs: message.expiresAtMs });
  const next = nextToken(holder);
  await deliver('made-up-new', { expiresInMs: 1_800_000 });
  expect((await next).generation).toBe(42);
});

describe('a write that fails', () => {
  test('in a folder that is missing: one warning, and one word when it works again, by itself', async () => {
    const folder = join(temporaryFolder(IN_MEMORY), 'missing');
    const path = join(folder, 'state.json');
    const { file, log } = stateFile(path);
    file.changed();
    await log.lineWith('WARN');
    expect(log.lines).toEqual([
      expect.stringMatching(/cannot be written: the folder .*missing does not exist \(ENOENT\)/),
    ]);
    expect(file.report()).toMatchObject({ state: 'failing', writes: 0 });
    await until(() => file.report().failures >= 2);
    mkdirSync(folder);
    await log.lineWith('written again');
    expect(log.lines).toHaveLength(2);
    expect(read(path).state.generation).toBe(1);
    expect(file.report()).toMatchObject({ state: 'ok', writes: 1 });
  });

  test('in a folder that the system keeps for itself: it is not said to be missing', async () => {
    const { file, log } = stateFile('/proc/state.json');
    file.changed();
    expect(await log.lineWith('WARN')).toMatch(
      /: no file can be made in \/proc \(ENOENT\); name a file in another folder/,
    );
  });

  test('in a folder without permission', async () => {
    const folder = temporaryFolder(IN_MEMORY);
    chmodSync(folder, 0o555);
    const { file, log } = stateFile(join(folder, 'state.json'));
    await asOrdinaryUser([folder], async () => {
      file.changed();
      await log.lineWith('permission denied (EACCES)');
      chmodSync(folder, 0o755);
      await log.lineWith('written again');
    });
    if (uid === 0) chownSync(folder, 0, 0);
    expect(log.lines).toHaveLength(2);
  });

  if (canMount) {
    test('on a full disk, where the earlier file stays whole', async () => {
      const folder = smallDisk();
      const path = join(folder, 'state.json');
      let generation = 1;
      const { file, log } = stateFile(path, () => stateText('made-up-token', generation));
      file.changed();
      await until(() => existsSync(path));
      const makeRoom = fill(folder);
      generation = 2;
      file.changed();
      await log.lineWith('no space left (ENOSPC)');
      expect(read(path).state.generation).toBe(1);
      expect(readdirSync(folder).filter((name) => name.endsWith('.tmp'))).toEqual([]);
      makeRoom();
      await log.lineWith('written again');
      expect(read(path).state.generation).toBe(2);
    });
  }
});
