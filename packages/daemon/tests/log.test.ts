import { mkdir, mkdtemp, readdir, readFile, readlink, rm, stat, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { openLog, type LogOptions, type OpenLog } from '../src/index.ts';

const AT_MS = new Date(2025, 10, 13, 8, 44, 23).getTime();

let folder: string;
let lines: string[];
let opened: OpenLog | undefined;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'log-'));
  lines = [];
});
afterEach(async () => {
  await opened?.close();
  opened = undefined;
  await rm(folder, { recursive: true });
});

async function open(over: Partial<LogOptions> = {}): Promise<OpenLog> {
  opened = await openLog({
    level: 'info',
    format: 'text',
    maxSizeBytes: 1024 ** 2,
    keep: 3,
    journal: false,
    write: (line) => void lines.push(line),
    nowMs: () => AT_MS,
    ...over,
  });
  return opened;
}

describe('the console', () => {
  test('shows time, level and message, and nothing below the level', async () => {
    const { log, setLevel } = await open();
    log.debug('hidden');
    log.info('Token refreshed', { expiresInSeconds: 1800 });
    log.warn('careful');
    log.error('broken');
    setLevel('debug');
    log.debug('shown');
    expect(lines).toEqual([
      '[2025-11-13 08:44:23] INFO: Token refreshed\n',
      '[2025-11-13 08:44:23] WARN: careful\n',
      '[2025-11-13 08:44:23] ERROR: broken\n',
      '[2025-11-13 08:44:23] DEBUG: shown\n',
    ]);
  });

  test('as JSON has the fields, one object a line', async () => {
    const { log } = await open({ format: 'json' });
    log.info('Token\nrefreshed\u2028', { target: 'bot', tries: 2, late: false, absent: undefined });
    expect(lines).toHaveLength(1);
    expect(lines[0]).toMatch(/^[\x20-\x7e]+\n$/);
    expect(JSON.parse(lines[0] ?? '')).toEqual({
      time: new Date(AT_MS).toISOString(),
      level: 'INFO',
      message: 'Token\nrefreshed\u2028',
      target: 'bot',
      tries: 2,
      late: false,
    });
  });

  test('on the journal has a priority in place of time and level, one line an event', async () => {
    const { log } = await open({ journal: true, level: 'debug' });
    log.error('first\n<0>second');
    log.warn('w');
    log.info('i');
    log.debug('d %s %d');
    expect(lines).toEqual(['<3>first\\n<0>second\n', '<4>w\n', '<6>i\n', '<7>d %s %d\n']);
  });

  test('that is gone is no reason to fail', async () => {
    const { log } = await open({
      write: () => {
        throw new Error('EPIPE');
      },
    });
    log.info('nobody reads this');
  });

  test.each(['text', 'json'] as const)('shows no secret that was named (%s)', async (format) => {
    const { log, hideSecret } = await open({ format, file: join(folder, 'x.log') });
    hideSecret('made-up-token-0001', '[1234abcd]');
    log.info('sent made-up-token-0001', { token: 'made-up-token-0001' });
    await opened?.close();
    const everything = lines.join('') + (await readFile(join(folder, 'x.log'), 'utf8'));
    expect(everything).not.toContain('made-up-token-0001');
    expect(everything).toContain('[1234abcd]');
  });
});

describe('the file', () => {
  test('has every line when the log is closed, is private, and stands behind the name that was given', async () => {
    const file = join(folder, 'deep', 'token_receiver.log');
    const { log, close } = await open({ file });
    log.info('one');
    log.info('two');
    await close();
    expect(await readFile(file, 'utf8')).toBe('[2025-11-13 08:44:23] INFO: one\n[2025-11-13 08:44:23] INFO: two\n');
    expect(await readlink(file)).toBe('token_receiver.1.log');
    expect((await stat(file)).mode & 0o777).toBe(0o600);
  });

  test('is continued after a restart', async () => {
    const file = join(folder, 'a.log');
    for (const message of ['one', 'two']) {
      const { log, close } = await open({ file });
      log.info(message);
      await close();
    }
    expect(await readFile(file, 'utf8')).toMatch(/one\n.*two\n$/);
    expect((await readdir(folder)).sort()).toEqual(['a.1.log', 'a.log']);
  });

  test('under the journal keeps its time and level', async () => {
    const file = join(folder, 'a.log');
    const { log, close } = await open({ file, journal: true });
    log.info('one');
    await close();
    expect(lines).toEqual(['<6>one\n']);
    expect(await readFile(file, 'utf8')).toBe('[2025-11-13 08:44:23] INFO: one\n');
  });

  test('is rolled by size; the name follows, and old files go', async () => {
    const file = join(folder, 'a.log');
    const latestNumber = async (): Promise<number> =>
      Number(/(\d+)/.exec(await readlink(file).catch(() => ''))?.[1] ?? 0);
    const { log, close } = await open({ file, maxSizeBytes: 200, keep: 2 });
    for (let number = 1; number < 20_000 && (await latestNumber()) < 6; number++) {
      log.info(`line ${number}`);
      await new Promise(setImmediate);
    }
    expect(await latestNumber()).toBeGreaterThanOrEqual(6);
    log.info('the last line');
    await close();
    expect(await readFile(file, 'utf8')).toContain('the last line');
    const rolled = (await readdir(folder)).filter((name) => /^a\.\d+\.log$/.test(name));
    expect(rolled.length).toBeLessThanOrEqual(3);
    for (const name of rolled) expect((await stat(join(folder, name))).mode & 0o777).toBe(0o600);
  });

  test('that has the name already is moved aside, not lost', async () => {
    const file = join(folder, 'a.log');
    for (const text of ['first', 'second']) {
      await rm(file, { force: true });
      await writeFile(file, text);
      const { log, close } = await open({ file });
      log.info('new');
      await close();
    }
    expect(await readFile(`${file}.old`, 'utf8')).toBe('first');
    expect(await readFile(`${file}.old2`, 'utf8')).toBe('second');
  });

  test('that is a link to elsewhere is moved aside and not written through', async () => {
    const file = join(folder, 'a.log');
    const elsewhere = join(folder, 'elsewhere');
    await writeFile(elsewhere, 'theirs');
    await symlink(elsewhere, file);
    const { log, close } = await open({ file });
    log.info('ours');
    await close();
    expect(await readFile(elsewhere, 'utf8')).toBe('theirs');
    expect(await readFile(file, 'utf8')).toContain('ours');
  });

  test('that cannot be opened is reported once on the console, and tried again later', async () => {
    const blocker = join(folder, 'blocker');
    await writeFile(blocker, '');
    const file = join(blocker, 'a.log');
    let nowMs = AT_MS;
    const reported = Promise.withResolvers<undefined>();
    const { log, close } = await open({
      file,
      nowMs: () => nowMs,
      write: (line) => {
        lines.push(line);
        if (line.includes('The log file')) reported.resolve(undefined);
      },
    });
    nowMs += 1000;
    log.info('one');
    await reported.promise;
    log.info('two');
    expect(lines.filter((line) => line.includes(`WARN: The log file ${file} cannot be opened`))).toHaveLength(1);

    await rm(blocker);
    nowMs += 60_001;
    log.info('three');
    await close();
    expect(await readFile(file, 'utf8')).toMatch(/one\n.*two\n.*three\n$/);
    expect(lines.filter((line) => line.includes('WARN'))).toHaveLength(1);
  });

  test.each(['the file', 'its folder'])('is made again after somebody removes %s', async (what) => {
    const logs = join(folder, 'logs');
    const file = join(logs, 'a.log');
    let nowMs = AT_MS;
    const { log, close } = await open({ file, nowMs: () => nowMs });
    nowMs += 1_000;
    log.info('one');
    await expect.poll(() => readFile(file, 'utf8').catch(() => '')).toContain('one');
    await (what === 'the file' ? rm(join(logs, 'a.1.log')) : rm(logs, { recursive: true }));
    nowMs += 10_000;
    log.info('two');
    log.info('three');
    await close();
    expect(await readFile(file, 'utf8')).toMatch(/two\n.*three\n$/);
    expect(lines.filter((line) => line.includes('WARN'))).toEqual([]);
  });

  test('that cannot be written (a full disk) is reported once, and the daemon goes on', async () => {
    const file = join(folder, 'a.log');
    await symlink('/dev/full', join(folder, 'a.1.log'));
    const reported = Promise.withResolvers<undefined>();
    const { log, close } = await open({
      file,
      write: (line) => {
        lines.push(line);
        if (line.includes('The log file')) reported.resolve(undefined);
      },
    });
    log.info('one');
    await reported.promise;
    for (let number = 0; number < 5; number++) {
      log.info('more');
      await new Promise(setImmediate);
    }
    await close();
    expect(lines.filter((line) => line.includes(`The log file ${file} cannot be written (ENOSPC)`))).toHaveLength(1);
    expect(lines.filter((line) => line.includes('INFO'))).toHaveLength(6);
  });

  test('whose name is a folder is reported', async () => {
    const file = join(folder, 'a.log');
    await mkdir(file);
    const { log, close } = await open({ file });
    log.info('one');
    await close();
    expect(lines.join('')).toContain('cannot be opened (it is a folder)');
  });
});
