import { formatEnvironment, readTokenFile } from '@token-relay/tokens';
import { execFileSync } from 'node:child_process';
import {
  chmodSync,
  chownSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, onTestFinished, test } from 'vitest';
import { until } from '../../../tests/rigs/until.ts';
import { WaitingLog } from '../../../tests/rigs/waiting-log.ts';
import { asOrdinaryUser } from '../../../tests/rigs/ordinary-user.ts';
import { canMount } from '../../../tests/rigs/small-disk.ts';
import { formatState } from '../src/holding/state-text.ts';
import type { SinkConfig } from '../src/sinks/sink-settings.ts';
import { sinkText } from '../src/sinks/sink-text.ts';
import { Sinks } from '../src/sinks/sinks.ts';
import { fill, holdingRig, nextToken, smallDisk, temporaryFolder, type Rig } from './holding-rig.ts';

const isRoot = process.getuid?.() === 0;
const sink = (path: string, more: Partial<SinkConfig> = {}): SinkConfig => ({
  path,
  format: 'raw',
  mode: 0o600,
  ...more,
});

async function sinksRig(
  configsIn: (folder: string) => SinkConfig[],
  options: Parameters<typeof holdingRig>[0] = {},
): Promise<Rig & { sinks: Sinks; files: string }> {
  const rig = await holdingRig(options);
  const files = temporaryFolder();
  const sinks = new Sinks({ configs: configsIn(files), holding: rig.holder, log: rig.log });
  onTestFinished(() => sinks.close());
  return { ...rig, sinks, files };
}
const contains = (path: string, text: string): boolean => existsSync(path) && readFileSync(path, 'utf8') === text;
const written = (path: string, text: string) => until(() => contains(path, text));

test('each new token is soon in every file, in its form and with its mode, whatever the umask', async () => {
  const umaskBefore = process.umask(0o077);
  onTestFinished(() => void process.umask(umaskBefore));
  const formats = ['schwab-py', 'json', 'env', 'raw'] as const;
  const { holder, deliver, files, sinks, log } = await sinksRig((folder) =>
    formats.map((format) => sink(join(folder, format), { format, mode: 0o644 })),
  );
  for (const token of ['made-up-1', 'made-up-2']) {
    const next = nextToken(holder);
    await deliver(token, { expiresInMs: 1_800_000, refreshToken: 'made-up-refresh' });
    const held = await next;
    for (const format of formats) {
      await written(join(files, format), sinkText(held, format));
      expect(statSync(join(files, format)).mode & 0o777).toBe(0o644);
    }
  }
  await until(() => sinks.report().every(({ writes }) => writes === 2));
  expect(sinks.report().map(({ format, state, failures }) => [format, state, failures])).toEqual(
    formats.map((format) => [format, 'ok', 0]),
  );
  expect(readdirSync(files).sort()).toEqual([...formats].sort());
  expect(log.lines).toEqual([]);
});

test('the schwab-py form is a token file that can be read, and has nothing to refresh with', async () => {
  const { deliver, files } = await sinksRig((folder) => [sink(join(folder, 'token.json'), { format: 'schwab-py' })]);
  await deliver('made-up-token', { expiresInMs: 1_800_000, refreshToken: 'made-up-refresh' });
  await until(() => existsSync(join(files, 'token.json')));
  const { tokenSet, format } = await readTokenFile(join(files, 'token.json'));
  expect([format, tokenSet.accessToken, tokenSet.refreshToken]).toEqual(['schwab-py', 'made-up-token', undefined]);
});

test('a shell that sources the env form has the token, as it is', async () => {
  const { deliver, files } = await sinksRig((folder) => [sink(join(folder, 'token.env'), { format: 'env' })]);
  const token = 'made-up_$HOME`id`"\\!@=/+.-';
  await deliver(token, { expiresInMs: 1_800_000 });
  const file = join(files, 'token.env');
  await until(() => existsSync(file));
  const script = `. "$1"; printf %s "$SCHWAB_ACCESS_TOKEN"`;
  expect(execFileSync('sh', ['-c', script, 'sh', file], { encoding: 'utf8' })).toBe(token);
  expect(readFileSync(file, 'utf8')).toContain(formatEnvironment({ accessToken: token }));
});

if (isRoot) {
  test('owner and group are as they are asked for', async () => {
    const { deliver, files } = await sinksRig((folder) => [
      sink(join(folder, 'token'), { uid: 12_345, gid: 23_456, mode: 0o640 }),
    ]);
    await deliver('made-up-token');
    await written(join(files, 'token'), 'made-up-token');
    const { uid, gid, mode } = statSync(join(files, 'token'));
    expect([uid, gid, mode & 0o777]).toEqual([12_345, 23_456, 0o640]);
  });

  test('a file that this user may not give away is said to be that, once', async () => {
    const rig = await holdingRig();
    const files = temporaryFolder();
    await asOrdinaryUser([files], async () => {
      const sinks = new Sinks({
        configs: [sink(join(files, 'token'), { uid: 0 })],
        holding: rig.holder,
        log: rig.log,
      });
      await rig.deliver('made-up-token');
      expect(await rig.log.lineWith('WARN')).toMatch(/token: this user may not give it to user 0 .*\(EPERM\)/);
      await sinks.close();
    });
    expect(readdirSync(files)).toEqual([]);
  });
}

describe('on a start', () => {
  const restored = {
    generation: 3,
    history: [],
    held: {
      message: { accessToken: 'made-up-held' },
      generation: 3,
      receivedAtMs: 1_772_445_600_000,
      from: 'unix' as const,
    },
  };

  test('the token that is held is written where a file does not say so', async () => {
    const { files, sinks } = await sinksRig(
      (folder) => {
        writeFileSync(join(folder, 'old'), 'made-up-old');
        return [sink(join(folder, 'old')), sink(join(folder, 'new'))];
      },
      { restored },
    );
    await written(join(files, 'old'), 'made-up-held');
    await written(join(files, 'new'), 'made-up-held');
    await until(() => sinks.report().every(({ writes }) => writes === 1));
  });

  test('a file that says so already is left alone', async () => {
    let before = 0;
    const { files, sinks } = await sinksRig(
      (folder) => {
        writeFileSync(join(folder, 'token'), 'made-up-held', { mode: 0o600 });
        before = statSync(join(folder, 'token')).ino;
        return [sink(join(folder, 'token'))];
      },
      { restored },
    );
    await until(() => sinks.report()[0]?.state === 'ok');
    expect(sinks.report()[0]).toMatchObject({ writes: 0, failures: 0 });
    expect(statSync(join(files, 'token')).ino).toBe(before);
  });

  test('with another mode than it should have, it is written again', async () => {
    const { files } = await sinksRig(
      (folder) => {
        writeFileSync(join(folder, 'token'), 'made-up-held', { mode: 0o600 });
        return [sink(join(folder, 'token'), { mode: 0o640 })];
      },
      { restored },
    );
    await until(() => (statSync(join(files, 'token')).mode & 0o777) === 0o640);
  });

  test('what a killed process left beside it is removed', async () => {
    const { files } = await sinksRig(
      (folder) => {
        writeFileSync(join(folder, '.token.0123456789abcdef.tmp'), 'made-up');
        return [sink(join(folder, 'token'))];
      },
      { restored },
    );
    await written(join(files, 'token'), 'made-up-held');
    expect(readdirSync(files)).toEqual(['token']);
  });

  test('without a token, files stay as they are, and the sinks are idle', async () => {
    const { files, sinks } = await sinksRig((folder) => {
      writeFileSync(join(folder, 'token'), 'made-up-old');
      return [sink(join(folder, 'token'))];
    });
    await sinks.close();
    expect(sinks.report()).toEqual([
      { path: join(files, 'token'), format: 'raw', state: 'idle', writes: 0, failures: 0 },
    ]);
    expect(contains(join(files, 'token'), 'made-up-old')).toBe(true);
  });
});

describe('a login is never overwritten', () => {
  test.each([
    ["schwab-py's token file", '{"creation_timestamp":1,"token":{"access_token":"a","refresh_token":"made-up-r"}}'],
    ['an encrypted token file', '{"token_relay_encrypted":1,"cipher":"aes-256-gcm"}\n'],
    ["Schwabdev's database", 'SQLite format 3\0…'],
    ['a file of variables', 'SCHWAB_REFRESH_TOKEN=made-up-r\n'],
  ])('%s', async (_, text) => {
    const { deliver, files, log, sinks } = await sinksRig((folder) => {
      writeFileSync(join(folder, 'tokens'), text);
      return [sink(join(folder, 'tokens'), { format: 'schwab-py' })];
    });
    await deliver('made-up-token');
    const line = await log.lineWith('WARN');
    expect(line).toContain(`${join(files, 'tokens')} is not overwritten: it holds a login`);
    expect(line).not.toContain('made-up');
    await sinks.close();
    expect(contains(join(files, 'tokens'), text)).toBe(true);
  });
});

describe('a place that refuses is said to once, is tried until it works, and holds up no other', () => {
  test.each<[string, (path: string) => void, (path: string) => void, RegExp]>([
    [
      'a folder that is missing',
      () => undefined,
      (path) => mkdirSync(join(path, '..')),
      /the folder .*place does not exist/,
    ],
    [
      'a folder in the place of the file',
      (path) => mkdirSync(path, { recursive: true }),
      (path) => execFileSync('rmdir', [path]),
      /it is a folder; name a file/,
    ],
    [
      'a named pipe that nobody reads',
      (path) => {
        mkdirSync(join(path, '..'));
        execFileSync('mkfifo', [path]);
      },
      (path) => execFileSync('rm', [path]),
      /it is not a regular file; name a file/,
    ],
    [
      'links in a circle',
      (path) => {
        mkdirSync(join(path, '..'));
        symlinkSync(path, path);
      },
      (path) => execFileSync('rm', [path]),
      /its links lead in a circle/,
    ],
    [
      'a link into a folder that is missing',
      (path) => {
        mkdirSync(join(path, '..'));
        symlinkSync('../absent/token', path);
      },
      (path) => mkdirSync(join(path, '..', '..', 'absent')),
      /place\/token: it is a link to .*absent\/token, and the folder .*absent does not exist \(ENOENT\)/,
    ],
    [
      'a folder that is a link to nothing',
      (path) => symlinkSync('absent', join(path, '..')),
      (path) => mkdirSync(join(path, '..', '..', 'absent')),
      /its folder .*place is a link to absent, which does not exist \(ENOENT\)/,
    ],
    [
      'a link to where the system lets nobody make a file',
      (path) => {
        mkdirSync(join(path, '..'));
        symlinkSync('/proc/token', path);
      },
      (path) => execFileSync('rm', [path]),
      /no file can be made in \/proc \(ENOENT\); name a file in another folder/,
    ],
    [
      'the state file of a receiver, which is no login',
      (path) => {
        mkdirSync(join(path, '..'));
        const entry = {
          generation: 1,
          fingerprint: '0123abcd',
          received_at_ms: 1,
          from: 'unix',
          refresh_token: 'none',
        };
        writeFileSync(path, formatState({ generation: 1 }, JSON.stringify([entry])));
      },
      (path) => execFileSync('rm', [path]),
      /token is not overwritten: it is the state file of a receiver/,
    ],
    [
      'a file that is too large for a sink',
      (path) => {
        mkdirSync(join(path, '..'));
        writeFileSync(path, Buffer.alloc(2 * 1024 * 1024));
      },
      (path) => execFileSync('rm', [path]),
      /it has 2097152 bytes/,
    ],
  ])('%s', async (_, make, mend, words) => {
    const { deliver, files, log, sinks } = await sinksRig((folder) => {
      make(join(folder, 'place', 'token'));
      return [sink(join(folder, 'place', 'token')), sink(join(folder, 'other'))];
    });
    const path = join(files, 'place', 'token');
    await deliver('made-up-1');
    expect(await log.lineWith('WARN')).toMatch(words);
    await written(join(files, 'other'), 'made-up-1');
    await until(() => (sinks.report()[0]?.failures ?? 0) >= 2);
    expect(sinks.report()[0]).toMatchObject({
      state: 'failing',
      writes: 0,
      reason: expect.stringMatching(words) as string,
    });
    // The newest is what is written in the end.
    await deliver('made-up-2');
    mend(path);
    await written(path, 'made-up-2');
    await log.lineWith('is written again');
    expect([log.at('WARN').length, log.at('INFO')]).toEqual([1, [`Sink: ${path} is written again`]]);
    expect(sinks.report()[0]).toMatchObject({ state: 'ok' });
    expect(sinks.report()[0]).not.toHaveProperty('reason');
  });

  test('a folder without permission', async () => {
    const { deliver, holder, log } = await holdingRig();
    const files = temporaryFolder();
    const [path, other] = [join(files, 'place', 'token'), join(files, 'other')];
    mkdirSync(join(files, 'place'), { mode: 0o555 });
    await asOrdinaryUser([files, join(files, 'place')], async () => {
      const sinks = new Sinks({ configs: [sink(path), sink(other)], holding: holder, log });
      await deliver('made-up-token');
      expect(await log.lineWith('WARN')).toMatch(
        /permission denied \(EACCES\); let this user write to the folder .*place/,
      );
      await written(other, 'made-up-token');
      chmodSync(join(files, 'place'), 0o755);
      await log.lineWith('is written again');
      expect(contains(path, 'made-up-token')).toBe(true);
      await sinks.close();
    });
    if (isRoot) chownSync(files, 0, 0);
    expect(log.lines).toHaveLength(2);
  });

  if (canMount) {
    test('a full disk: readers keep the earlier file, whole, until there is room', async () => {
      const disk = smallDisk();
      const path = join(disk, 'token');
      const { deliver, files, log, sinks } = await sinksRig((folder) => [sink(path), sink(join(folder, 'other'))]);
      await deliver('made-up-1');
      await written(path, 'made-up-1');
      const makeRoom = fill(disk);
      await deliver('made-up-2');
      expect(await log.lineWith('WARN')).toMatch(/no space left on the disk \(ENOSPC\); free some space/);
      await written(join(files, 'other'), 'made-up-2');
      await deliver('made-up-3');
      await written(join(files, 'other'), 'made-up-3');
      expect(contains(path, 'made-up-1')).toBe(true);
      await until(() => (sinks.report()[0]?.failures ?? 0) >= 2);
      expect(readdirSync(disk).sort()).toEqual(['filler', 'token']);
      makeRoom();
      await written(path, 'made-up-3');
      await log.lineWith('is written again');
      expect(log.at('WARN')).toHaveLength(1);
    });
  }
});

test('a reader sees a whole file at every moment of 300 tokens', async () => {
  const { deliver, files } = await sinksRig((folder) => [sink(join(folder, 'token'), { format: 'json' })]);
  const path = join(files, 'token');
  await deliver('made-up-0', { expiresInMs: 1_800_000 });
  await until(() => existsSync(path));
  const sending = (async () => {
    for (let count = 1; count <= 300; count += 1) {
      await deliver(`made-up-${count}-${'x'.repeat(2_000)}`, { expiresInMs: 1_800_000 });
    }
  })();
  let generation = 0;
  while (generation < 301) {
    generation = (JSON.parse(await readFile(path, 'utf8')) as { generation: number }).generation;
  }
  await sending;
});

describe('replaced, as by SIGHUP', () => {
  test('what stays goes on, what is gone is not written any more, what is new has the token at once', async () => {
    const { deliver, files, sinks } = await sinksRig((folder) => [
      sink(join(folder, 'stays')),
      sink(join(folder, 'goes')),
    ]);
    await deliver('made-up-1');
    await written(join(files, 'stays'), 'made-up-1');
    await written(join(files, 'goes'), 'made-up-1');
    await sinks.replace([sink(join(files, 'new')), sink(join(files, 'stays'))]);
    await written(join(files, 'new'), 'made-up-1');
    await deliver('made-up-2');
    await written(join(files, 'new'), 'made-up-2');
    await written(join(files, 'stays'), 'made-up-2');
    expect(contains(join(files, 'goes'), 'made-up-1')).toBe(true);
    await until(() => sinks.report().every(({ writes }) => writes === 2));
    expect(sinks.report().map(({ path }) => path)).toEqual([join(files, 'new'), join(files, 'stays')]);
  });

  test('a file that gets another form has it in the end', async () => {
    const { deliver, files, sinks, holder } = await sinksRig((folder) => [sink(join(folder, 'token'))]);
    const path = join(files, 'token');
    const next = nextToken(holder);
    await deliver('made-up-1');
    const held = await next;
    for (const format of ['json', 'env', 'raw', 'schwab-py'] as const) void sinks.replace([sink(path, { format })]);
    await written(path, sinkText(held, 'schwab-py'));
    await sinks.close();
    expect(contains(path, sinkText(held, 'schwab-py'))).toBe(true);
  });
});

test('closing writes what is not written yet, and is not held up by a place that refuses', async () => {
  const { deliver, files, sinks, holder } = await sinksRig((folder) => [
    sink(join(folder, 'token')),
    sink(join(folder, 'missing', 'token')),
  ]);
  const next = nextToken(holder);
  await deliver('made-up-token');
  await next;
  await sinks.close();
  expect(contains(join(files, 'token'), 'made-up-token')).toBe(true);
  expect(sinks.report()[1]).toMatchObject({ state: 'failing' });
});

test('nothing that is said of a sink holds a token', async () => {
  const log = new WaitingLog('receiver-log');
  const rig = await holdingRig();
  const sinks = new Sinks({ configs: [sink('/nowhere/at/all')], holding: rig.holder, log });
  await rig.deliver('made-up-token');
  await log.lineWith('WARN');
  await sinks.close();
  expect(`${log.lines.join()}${JSON.stringify(sinks.report())}`).not.toContain('made-up-token');
});
