import { spawn, type ChildProcess } from 'node:child_process';
import { EventEmitter, once } from 'node:events';
import { chmod, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { connectSystemd, isJournal, runDaemon, SystemdError, type Surroundings, type Systemd } from '../src/index.ts';

/** Node has no Unix datagram sockets: this stands where systemd does, and prints each notification as a line of JSON. */
const RECEIVER = `
import json, socket, sys
s = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
s.bind(sys.argv[1])
print("bound", flush=True)
while True:
    print(json.dumps(s.recv(65536).decode()), flush=True)
`;

let folder: string;
let receiver: ChildProcess | undefined;
let notifications: AsyncIterator<string>;
const saved = process.env['NOTIFY_SOCKET'];
const log = { debug: vi.fn(), info: vi.fn(), warn: vi.fn(), error: vi.fn() };

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'systemd-'));
  vi.clearAllMocks();
});
afterEach(async () => {
  if (saved === undefined) delete process.env['NOTIFY_SOCKET'];
  else process.env['NOTIFY_SOCKET'] = saved;
  if (receiver !== undefined) {
    receiver.kill('SIGKILL');
    await once(receiver, 'close');
    receiver = undefined;
  }
  await rm(folder, { recursive: true });
});

async function listen(): Promise<string> {
  const path = join(folder, 'notify');
  const child = spawn('python3', ['-c', RECEIVER, path], { stdio: ['ignore', 'pipe', 'inherit'] });
  receiver = child;
  notifications = createInterface(child.stdout)[Symbol.asyncIterator]();
  expect(await notifications.next()).toMatchObject({ value: 'bound' });
  // The addon reads the environment of the process.
  process.env['NOTIFY_SOCKET'] = path;
  return path;
}

/** The next notification; the barrier that systemd-notify sends after its own is systemd's business. */
async function received(): Promise<string> {
  for (;;) {
    const next = await notifications.next();
    const text = String(JSON.parse(String(next.value)));
    if (!text.startsWith('BARRIER')) return text.trim();
  }
}

const connectTo = (env: Record<string, string>, loadAddon?: () => Promise<never>): Promise<Systemd> =>
  connectSystemd({ env, pid: process.pid, log, ...(loadAddon === undefined ? {} : { loadAddon }) });

const unloadable = (): Promise<never> => Promise.reject(new Error('no such module'));

async function tellEverything(systemd: Systemd): Promise<string[]> {
  systemd.status('Token\nvalid  for 28 minutes\n');
  systemd.status('Token valid for 28 minutes');
  systemd.ready();
  systemd.watchdog.pet();
  systemd.status('Second');
  systemd.stopping();
  return [await received(), await received(), await received(), await received(), await received()];
}

describe('with NOTIFY_SOCKET set', () => {
  test('the addon tells systemd everything, in order, and an equal STATUS once', async () => {
    const socket = await listen();
    const systemd = await connectTo({ NOTIFY_SOCKET: socket, WATCHDOG_USEC: '60000000' });
    const [status, ready, pet, second, stopping] = await tellEverything(systemd);
    expect(status).toBe('STATUS=Token valid for 28 minutes');
    expect(ready).toContain('READY=1');
    expect(pet).toBe('WATCHDOG=1');
    expect(second).toBe('STATUS=Second');
    expect(stopping).toContain('STOPPING=1');
    expect(systemd.watchdog.intervalMs).toBe(30_000);
  });

  test('the command systemd-notify takes the place of an addon that cannot be loaded, in the same order', async () => {
    const socket = await listen();
    const env = { NOTIFY_SOCKET: socket, WATCHDOG_USEC: '1000000', PATH: '/usr/bin:/bin' };
    const told = await tellEverything(await connectTo(env, unloadable));
    expect(
      told.map((text) => text.split('\n').find((line) => /^(STATUS|READY|WATCHDOG|STOPPING)=/.test(line))),
    ).toEqual(['STATUS=Token valid for 28 minutes', 'READY=1', 'WATCHDOG=1', 'STATUS=Second', 'STOPPING=1']);
    expect(log.debug).toHaveBeenCalledWith('The sd-notify addon cannot be loaded: no such module');
  });

  test.each([
    ['the addon', undefined],
    ['the command systemd-notify', unloadable],
  ])('%s tells of a reload, with the time of its beginning on the clock that nobody sets', async (_way, loadAddon) => {
    const socket = await listen();
    const before = process.hrtime.bigint() / 1000n;
    const systemd = await connectTo({ NOTIFY_SOCKET: socket, PATH: '/usr/bin:/bin' }, loadAddon);
    systemd.reloading();
    const told = await received();
    expect(told.split('\n')).toContain('RELOADING=1');
    const usec = BigInt(/^MONOTONIC_USEC=(\d+)$/m.exec(told)?.[1] ?? 0);
    expect(usec >= before && usec <= process.hrtime.bigint() / 1000n).toBe(true);
  });

  test('a daemon is ready again when the last of its reloads is over, and a SIGHUP before the first is none', async () => {
    const socket = await listen();
    const signals = new EventEmitter();
    const surroundings: Surroundings = {
      env: { NOTIFY_SOCKET: socket },
      cwd: folder,
      uid: 0,
      pid: process.pid,
      signals,
      stdin: () => process.stdin,
      stdout: { write: () => true },
      stderr: { write: () => true },
      stdoutFile: undefined,
      usage: () => ({ residentBytes: 0, cpuSeconds: 0 }),
      kill: () => true,
      exitNow: () => undefined,
    };
    const logging = { logLevel: 'info', logFormat: 'text', logFile: 'none', logMaxSize: 1, logKeep: 1 } as const;
    const reloads: PromiseWithResolvers<undefined>[] = [];
    await runDaemon(surroundings, { ...logging, logFileIsDefault: false }, async ({ systemd, stop, onReload }) => {
      signals.emit('SIGHUP', 'SIGHUP');
      systemd.status('up');
      expect(await received()).toBe('STATUS=up');
      onReload(async () => {
        const reload = Promise.withResolvers<undefined>();
        reloads.push(reload);
        await reload.promise;
      });
      signals.emit('SIGHUP', 'SIGHUP');
      signals.emit('SIGHUP', 'SIGHUP');
      expect([await received(), await received()]).toEqual([
        expect.stringMatching(/^RELOADING=1/),
        expect.stringMatching(/^RELOADING=1/),
      ]);
      reloads[1]?.resolve(undefined);
      // Whatever follows from that has then happened.
      await new Promise(setImmediate);
      systemd.status('one of two');
      expect(await received()).toBe('STATUS=one of two');
      reloads[0]?.resolve(undefined);
      expect(await received()).toContain('READY=1');
      signals.emit('SIGTERM', 'SIGTERM');
      expect(await received()).toContain('STOPPING=1');
      expect(stop.aborted).toBe(true);
    });
  });

  test('systemd-notify is given the socket, and nothing else of our environment', async () => {
    await writeFile(
      join(folder, 'systemd-notify'),
      `#!/bin/sh\nenv > ${folder}/made && mv ${folder}/made ${folder}/env\n`,
    );
    await chmod(join(folder, 'systemd-notify'), 0o755);
    const env = { NOTIFY_SOCKET: '/none', PATH: `${folder}:/usr/bin:/bin`, LISTEN_FDS: '1', MADE_UP_SECRET: 'x' };
    (await connectTo(env, unloadable)).ready();
    const names = await vi.waitFor(async () => readFile(join(folder, 'env'), 'utf8'), { timeout: 20_000 });
    expect(names).toContain('NOTIFY_SOCKET=/none');
    expect(names).not.toMatch(/LISTEN_FDS|MADE_UP_SECRET/);
  });

  test('with neither, connecting fails loudly and says what to install', async () => {
    const connecting = connectTo({ NOTIFY_SOCKET: '/run/systemd/notify', PATH: folder }, unloadable);
    await expect(connecting).rejects.toThrow(SystemdError);
    await expect(connecting).rejects.toMatchObject({ code: 'cannot_notify', exitCode: 78 });
    await expect(connecting).rejects.toThrow('npm rebuild sd-notify');
  });

  test('a notification that cannot be sent is a warning, once, and never thrown', async () => {
    await writeFile(join(folder, 'systemd-notify'), '#!/bin/sh\nexit 1\n');
    await chmod(join(folder, 'systemd-notify'), 0o755);
    const warned = Promise.withResolvers<undefined>();
    log.warn.mockImplementation(() => warned.resolve(undefined));
    const systemd = await connectTo({ NOTIFY_SOCKET: '/none', PATH: folder }, unloadable);
    systemd.ready();
    systemd.status('a');
    await warned.promise;
    expect(log.warn).toHaveBeenCalledTimes(1);
  });
});

test('without NOTIFY_SOCKET nothing is loaded, nothing is sent and nothing fails', async () => {
  const loadAddon = vi.fn(unloadable);
  const systemd = await connectTo({ WATCHDOG_USEC: '1000000' }, loadAddon);
  systemd.ready();
  systemd.reloading();
  systemd.status('a');
  systemd.stopping();
  systemd.watchdog.pet();
  expect(systemd.watchdog.intervalMs).toBeUndefined();
  expect(loadAddon).not.toHaveBeenCalled();
});

test.each([
  [{ WATCHDOG_USEC: '10000000' }, 5000],
  [{ WATCHDOG_USEC: '10000000', WATCHDOG_PID: String(process.pid) }, 5000],
  [{ WATCHDOG_USEC: '10000000', WATCHDOG_PID: '1' }, undefined],
  [{ WATCHDOG_USEC: '0' }, undefined],
  [{ WATCHDOG_USEC: 'x' }, undefined],
  [{}, undefined],
])('the watchdog of %j is fed every %s ms', async (env, intervalMs) => {
  const addon = { ready: vi.fn(), stopping: vi.fn(), watchdog: vi.fn(), sendState: vi.fn() };
  const systemd = await connectSystemd({
    env: { NOTIFY_SOCKET: '/x', ...env },
    pid: process.pid,
    log,
    loadAddon: () => Promise.resolve(addon),
  });
  expect(systemd.watchdog.intervalMs).toBe(intervalMs);
  systemd.watchdog.pet();
  expect(addon.sendState).toHaveBeenCalledTimes(intervalMs === undefined ? 0 : 1);
});

test.each([
  ['9:12345', { dev: 9, ino: 12_345 }, true],
  ['9:12345', { dev: 9, ino: 1 }, false],
  ['9:12345', undefined, false],
  [undefined, { dev: 9, ino: 12_345 }, false],
])('standard output is the journal only if JOURNAL_STREAM (%s) names it', (stream, stdout, expected) => {
  expect(isJournal({ JOURNAL_STREAM: stream }, stdout)).toBe(expected);
});
