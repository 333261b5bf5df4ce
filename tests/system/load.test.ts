/**
 * Many at once, and some who behave badly, beside others who notice nothing of it. What is printed is for people: how long something
 * took on a machine with other work passes or fails nothing.
 */
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { connect } from 'node:net';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { Crowd, EventReaders, FOLLOW, follow } from './crowd.ts';
import { Bench, type Program } from './processes.ts';

const SILENT = 10_000;

/** Says it to the token socket, and resolves with the reply. */
async function say(path: string, message: string): Promise<string> {
  const socket = connect({ path });
  socket.on('error', () => undefined);
  let reply = '';
  socket.on('data', (chunk: Buffer) => (reply += chunk.toString()));
  socket.write(message);
  await new Promise((resolve) => socket.once('close', resolve));
  return reply;
}

const message = (token: string) => JSON.stringify({ access_token: token, expires_at: 4_000_000_000 });

/** Resolves with the moment at which the `OK` was there. */
async function deliver(bench: Bench, token: string): Promise<number> {
  expect(await say(bench.socket, message(token))).toBe('OK');
  return performance.now();
}

/** What one who asks for the token is told: the status and the problem's code; `closed` if nothing. */
async function tokenAnswer(bench: Bench): Promise<string> {
  try {
    const { status, text } = await bench.get('/v1/token');
    return status === 200 ? '200' : `${status} ${(JSON.parse(text) as { code: string }).code}`;
  } catch {
    return 'closed';
  }
}

async function started(bench: Bench, ...flags: string[]): Promise<Program> {
  const receiver = bench.receiver(...flags);
  await receiver.line(/started/);
  return receiver;
}

async function residentMb({ child: { pid = 0 } }: Program): Promise<number> {
  const found = /VmRSS:\s+(\d+) kB/.exec(await readFile(`/proc/${pid}/status`, 'utf8'));
  return Number(found?.[1]) / 1_024;
}

function figures(what: string, ms: readonly number[]): void {
  const sorted = [...ms].sort((a, b) => a - b);
  const at = (fraction: number) => (sorted[Math.floor((sorted.length - 1) * fraction)] ?? Number.NaN).toFixed(1);
  console.log(`${what}: p50 ${at(0.5)} ms, p99 ${at(0.99)} ms, at most ${at(1)} ms`);
}

test('5,000 event readers at once have each new token', async () => {
  await using bench = await Bench.make();
  const receiver = await started(bench);
  await deliver(bench, 'made-up-1');
  const before = await residentMb(receiver);
  using readers = await EventReaders.connect(bench.api, 5_000);
  await readers.all('made-up-1');
  for (let number = 2; number <= 6; number += 1) {
    const okAtMs = await deliver(bench, `made-up-${number}`);
    const moments = await readers.all(`made-up-${number}`);
    figures(
      '5,000 readers, from OK to the token',
      moments.map((ms) => ms - okAtMs),
    );
  }
  console.log(`5,000 readers: ${(((await residentMb(receiver)) - before) * 1_024) / 5_000} kB each`);
  expect(new Set(readers.told.map((generations) => generations.join()))).toEqual(new Set(['1,2,3,4,5,6']));
});

test('a reader that never reads, and one that reads a byte a second, delay nobody and are skipped to the newest', async () => {
  await using bench = await Bench.make();
  const receiver = await started(bench);
  const rounds = 100;
  const token = (number: number) => `made-up-${String(number).padStart(7_500, '0')}`;
  await deliver(bench, token(1));

  using stuck = await Crowd.connect(bench.api, 20);
  for (const socket of stuck.sockets) socket.write(FOLLOW);
  await using slow = byteASecond(bench.api);
  await slow.begun;
  using readers = await EventReaders.connect(bench.api, 50);
  await readers.all(token(1));
  const before = await residentMb(receiver);
  const tookMs: number[] = [];
  for (let number = 2; number <= rounds; number += 1) {
    const okAtMs = await deliver(bench, token(number));
    tookMs.push(Math.max(...(await readers.all(token(number)))) - okAtMs);
  }
  figures('50 readers beside 21 that do not read, from OK to the last', tookMs);
  console.log(`${rounds} tokens later the receiver has ${((await residentMb(receiver)) - before).toFixed(1)} MB more`);
  const everything = Array.from({ length: rounds }, (_, index) => index + 1).join();
  expect(new Set(readers.told.map((generations) => generations.join()))).toEqual(new Set([everything]));
  const { readers: counts } = JSON.parse((await bench.get('/v1/status')).text) as { readers: { events: number } };
  expect(counts.events).toBe(71);

  // One that reads after all finds what the system had kept for it, and then the newest.
  const [woken] = stuck.sockets;
  if (woken === undefined) throw new Error('no reader');
  const told: number[] = [];
  await new Promise<void>((resolve) => {
    follow(woken, (_, generation) => {
      told.push(generation);
      if (generation === rounds) resolve();
    });
  });
  expect(told).toEqual([...new Set(told)].sort((a, b) => a - b));
  expect(told.length).toBeLessThan(rounds);
});

/** A reader in a process of its own: Node would read ahead. */
function byteASecond(path: string): AsyncDisposable & { begun: Promise<unknown> } {
  const program = `
import socket, sys, time
s = socket.socket(socket.AF_UNIX)
s.connect(sys.argv[1])
s.sendall(sys.argv[2].encode())
while s.recv(1):
    print('.', flush=True)
    time.sleep(1)
`;
  const child = spawn('python3', ['-c', program, path, FOLLOW], { stdio: ['ignore', 'pipe', 'ignore'] });
  return { begun: once(child.stdout, 'data'), [Symbol.asyncDispose]: () => ended(child) };
}

async function ended(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const exit = once(child, 'exit');
  child.kill('SIGKILL');
  await exit;
}

test('10,000 connections that send nothing, all of them kept: a message is answered beside them', async () => {
  await using bench = await Bench.make();
  await started(bench, `--max-connections=${SILENT + 100}`, '--receive-timeout=10m');
  using silent = await Crowd.connect(bench.socket, SILENT);
  for (const socket of silent.sockets) socket.resume();
  const tookMs: number[] = [];
  for (let number = 1; number <= 100; number += 1) {
    const at = performance.now();
    tookMs.push((await deliver(bench, `made-up-${number}`)) - at);
  }
  figures(`a message beside ${SILENT} silent connections`, tookMs);
  expect(silent.open).toBe(SILENT);
  expect((await bench.get('/v1/token/raw')).text).toBe('made-up-100');
});

test('10,000 connections that send nothing, and the usual limits: a message is told busy for a second at most, then answered', async () => {
  await using bench = await Bench.make();
  await started(bench, '--receive-timeout=10m');
  using silent = await Crowd.connect(bench.socket, SILENT);
  for (const socket of silent.sockets) socket.resume();
  const tookMs: number[] = [];
  for (let number = 1; number <= 100; number += 1) {
    const at = performance.now();
    let reply = '';
    while (reply !== 'OK') {
      reply = await say(bench.socket, message(`made-up-${number}`));
      // Beyond those who are told so they are closed without a word.
      expect(['OK', 'ERROR busy', '']).toContain(reply);
    }
    tookMs.push(performance.now() - at);
  }
  figures(`a message beside ${SILENT} silent connections, of which 256 find room`, tookMs);
  expect(silent.open).toBeGreaterThan(0);
  await expect.poll(() => silent.open, { timeout: 30_000 }).toBeLessThanOrEqual(256);
  expect((await bench.get('/v1/token/raw')).text).toBe('made-up-100');
});

test('10,000 connections on api.sock that ask nothing, all of them taken: others are answered', async () => {
  await using bench = await Bench.make();
  await started(bench, `--max-readers=${SILENT + 100}`);
  await deliver(bench, 'made-up-access');
  using idle = await Crowd.connect(bench.api, SILENT);
  const tookMs: number[] = [];
  for (let count = 0; count < 100; count += 1) {
    const at = performance.now();
    expect(await tokenAnswer(bench)).toBe('200');
    tookMs.push(performance.now() - at);
  }
  figures(`GET /v1/token beside ${idle.sockets.length} idle connections`, tookMs);
});

test('10,000 connections on api.sock and the usual limit: others are told so, health is answered, and then there is room', async () => {
  await using bench = await Bench.make();
  await started(bench);
  await deliver(bench, 'made-up-access');
  {
    // These have asked once, and may stay for a minute.
    using kept = await Crowd.connect(bench.api, 8_192);
    await Promise.all(
      kept.sockets.map(async (socket) => {
        socket.write('HEAD /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n');
        await once(socket.resume(), 'data');
      }),
    );
    using idle = await Crowd.connect(bench.api, SILENT - kept.sockets.length);
    for (const socket of idle.sockets) socket.resume();
    const answers = new Set<string>();
    while (!answers.has('503 too_many_connections')) answers.add(await tokenAnswer(bench));
    expect([...answers].filter((answer) => answer !== 'closed')).toEqual(['503 too_many_connections']);
    expect((await bench.get('/healthz')).status).toBe(200);
    expect(kept.open).toBe(8_192);
  }
  await expect.poll(() => tokenAnswer(bench), { timeout: 30_000 }).toBe('200');
});

test('a hook that hangs, one that fails and one that floods delay no sender and no reader', async () => {
  await using bench = await Bench.make();
  const hooks = {
    token: [
      { command: ['sh', '-c', 'sleep 600'], timeout: '2s' },
      ['sh', '-c', 'echo "made-up complaint"; exit 3'],
      { command: ['sh', '-c', 'while :; do cat /dev/zero; done'], timeout: '2s' },
      { command: ['sh', '-c', 'cat > newest'] },
    ],
  };
  const receiver = await started(bench, `--hooks=${JSON.stringify(hooks)}`);
  using readers = await EventReaders.connect(bench.api, 20);
  const before = await residentMb(receiver);
  const tookMs: number[] = [];
  for (let number = 1; number <= 50; number += 1) {
    const at = performance.now();
    await deliver(bench, `made-up-${number}`);
    await readers.all(`made-up-${number}`);
    tookMs.push(performance.now() - at);
  }
  figures('a message to the last of 20 readers, beside three bad hooks', tookMs);
  await receiver.line(/WARN: Hook token: sh failed with exit code 3; it wrote 18 bytes, which are not logged/);
  for (const count of [1, 2]) {
    await receiver.until(`${count} deadlines`, () =>
      receiver.count(/WARN: Hook token: sh had not ended after 2 s, and was stopped/) >= count ? true : undefined,
    );
  }
  await expect.poll(() => readFile(bench.path('newest'), 'utf8'), { timeout: 30_000 }).toBe('made-up-50');
  console.log(
    `with a hook that floods, the receiver has ${((await residentMb(receiver)) - before).toFixed(1)} MB more`,
  );
  expect((await bench.get('/v1/token/raw')).text).toBe('made-up-50');
  expect((await receiver.stop()).code).toBe(0);
  expect(receiver.lines.join('\n')).not.toMatch(/made-up-\d/);
});

test('a sink on a full disk delays nobody, and is written when there is room again', async () => {
  await using bench = await Bench.make();
  const disk = bench.path('disk');
  await mkdir(disk);
  const sinks = [
    { path: join(disk, 'token'), format: 'raw' },
    { path: bench.path('other'), format: 'raw' },
  ];
  await using receiver = onSmallDisk(bench.folder, disk, [
    join(import.meta.dirname, '../../apps/receiver/bin/token-receiver'),
    'run',
    ...bench.receiverArguments(),
    `--sinks=${JSON.stringify(sinks)}`,
  ]);
  const inside = (name: string) => join(`/proc/${receiver.child.pid ?? 0}/root`, disk, name);
  const healthz = () =>
    bench.get('/healthz').then(
      ({ status }) => status,
      () => 0,
    );
  await expect.poll(healthz, { timeout: 30_000 }).toBe(200);
  await deliver(bench, 'made-up-first');
  const content = (path: string) => readFile(path, 'utf8').catch(() => '');
  await expect.poll(() => content(inside('token')), { timeout: 30_000 }).toBe('made-up-first');

  await writeFile(inside('filler'), Buffer.alloc(1024 ** 2)).catch((error: unknown) => {
    expect(error).toMatchObject({ code: 'ENOSPC' });
  });
  using readers = await EventReaders.connect(bench.api, 20);
  const states = async () => {
    const status = JSON.parse((await bench.get('/v1/status')).text) as { sinks: { state: string }[] };
    return status.sinks.map(({ state }) => state);
  };
  await deliver(bench, 'made-up-second');
  await readers.all('made-up-second');
  await expect.poll(() => content(bench.path('other')), { timeout: 30_000 }).toBe('made-up-second');
  await expect.poll(states, { timeout: 30_000 }).toEqual(['failing', 'ok']);
  expect(await content(inside('token'))).toBe('made-up-first');
  await rm(inside('filler'));
  await expect.poll(() => content(inside('token')), { timeout: 60_000 }).toBe('made-up-second');
  await expect.poll(states, { timeout: 30_000 }).toEqual(['ok', 'ok']);
  const log = await readFile(bench.path('receiver.log'), 'utf8');
  expect(log.match(/WARN: Sink: .*(no space|ENOSPC|full)/gi)).toHaveLength(1);
  expect(log).toMatch(/INFO: Sink: \S+token is written again/);
});

/** In mounts of its own, which end with it: `disk` is one of 64 kB. */
function onSmallDisk(cwd: string, disk: string, command: readonly string[]): AsyncDisposable & { child: ChildProcess } {
  const asRoot = process.getuid?.() === 0 ? [] : ['--user', '--map-root-user'];
  const mount = 'mount -t tmpfs -o size=64k,mode=0755 tmpfs "$0" && exec "$@"';
  const child = spawn('unshare', ['--mount', ...asRoot, 'sh', '-c', mount, disk, ...command], {
    cwd,
    stdio: 'ignore',
  });
  return { child, [Symbol.asyncDispose]: () => ended(child) };
}
