/** Delivery over real sockets, to receivers that are there, gone, replaced, silent and foreign. */
import { watchPath } from '@token-relay/daemon';
import { sendToken, TokenReceiver, type HeldToken } from '@token-relay/socket';
import { once } from 'node:events';
import { mkdirSync, rmSync } from 'node:fs';
import { createServer, type Server, type Socket } from 'node:net';
import { dirname, join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import type { TargetConfig } from '../src/delivery/target.ts';
import { Targets } from '../src/delivery/targets.ts';
import { recordingLog } from './recording-log.ts';
import { temporaryFolder } from './temporary-folder.ts';

const token = (name: string) => ({
  accessToken: `access-${name}`,
  refreshToken: `refresh-${name}`,
  expiresAtMs: 1_762_984_855_000,
});

function unixTarget(path: string, config: Partial<TargetConfig> = {}): TargetConfig {
  return { name: 'bot', address: { kind: 'unix', path }, format: 'json', includeRefreshToken: false, ...config };
}

function makeTargets(configs: readonly TargetConfig[], lines: string[] = []): Targets {
  const targets = new Targets(configs, {
    policy: () => ({ attempts: 3, retryDelayMs: 10 }),
    log: recordingLog(lines),
    nowMs: Date.now,
    record: () => undefined,
    send: sendToken,
    tls: () => undefined,
    watch: (path, onChange, signal) => watchPath(path, (identity) => onChange(identity !== undefined), { signal }),
    after: (ms, wakeUp) => {
      const timer = setTimeout(wakeUp, ms);
      return () => clearTimeout(timer);
    },
  });
  onTestFinished(() => targets.close());
  return targets;
}

async function receiverAt(
  unixSocketPath: string,
): Promise<{ receiver: TokenReceiver; next: () => Promise<HeldToken> }> {
  const receiver = new TokenReceiver({ unixSocketPath });
  onTestFinished(() => receiver.stop());
  const next = () =>
    new Promise<HeldToken>((resolve) => {
      const off = receiver.onToken((held) => {
        off();
        resolve(held);
      });
    });
  await receiver.start();
  return { receiver, next };
}

async function serverAt(path: string, onConnection: (socket: Socket) => void): Promise<Server> {
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    sockets.add(socket);
    socket.on('error', () => undefined);
    onConnection(socket);
  }).listen(path);
  onTestFinished(async () => {
    for (const socket of sockets) socket.destroy();
    server.close();
    await once(server, 'close');
  });
  await once(server, 'listening');
  return server;
}

test('a token is delivered and acknowledged, and the receiver holds it, without the refresh token', async () => {
  const path = join(temporaryFolder(), 'token.sock');
  const { receiver } = await receiverAt(path);
  const targets = makeTargets([unixTarget(path)]);
  targets.publish(token('1'));
  await targets.settled();
  expect(targets.report()[0]?.state.kind).toBe('delivered');
  expect(receiver.getLatestToken()?.message).toEqual({ accessToken: 'access-1', expiresAtMs: 1_762_984_855_000 });
});

test('Nothing needs a restart to recover: a receiver that appears after the tries are used up gets the newest token', async () => {
  const path = join(temporaryFolder(), 'later', 'token.sock');
  const lines: string[] = [];
  const targets = makeTargets([unixTarget(path)], lines);
  targets.publish(token('1'));
  await targets.settled();
  targets.publish(token('2'));
  await targets.settled();
  expect(targets.report()[0]?.state.kind).toBe('undelivered');
  expect(lines.filter((line) => line.startsWith('WARN'))).toHaveLength(1);

  mkdirSync(dirname(path));
  const { receiver, next } = await receiverAt(path);
  const held = receiver.getLatestToken() ?? (await next());
  expect(held.message.accessToken).toBe('access-2');
});

test('a receiver that was restarted is sent the token again', async () => {
  const path = join(temporaryFolder(), 'token.sock');
  const first = await receiverAt(path);
  const targets = makeTargets([unixTarget(path)]);
  targets.publish(token('1'));
  await targets.settled();
  await first.receiver.stop();
  const second = await receiverAt(path);
  const held = second.receiver.getLatestToken() ?? (await second.next());
  expect(held.message.accessToken).toBe('access-1');
});

test('No target can delay another: one that never answers, one that floods and one that is not there', async () => {
  const folder = temporaryFolder();
  await serverAt(join(folder, 'silent.sock'), () => undefined);
  await serverAt(join(folder, 'flood.sock'), (socket) => socket.write('x'.repeat(100_000)));
  const good = await receiverAt(join(folder, 'good.sock'));
  const targets = makeTargets(
    ['silent', 'flood', 'absent', 'good'].map((name) => unixTarget(join(folder, `${name}.sock`), { name })),
  );
  for (const name of ['1', '2', '3']) {
    const arrived = good.next();
    targets.publish(token(name));
    expect((await arrived).message.accessToken).toBe(`access-${name}`);
    expect(targets.report()[0]?.state.kind).toBe('delivering');
  }
});

test('closing ends an attempt at a target that never answers', async () => {
  const path = join(temporaryFolder(), 'silent.sock');
  const connected = Promise.withResolvers<Socket>();
  await serverAt(path, connected.resolve);
  const targets = makeTargets([unixTarget(path)]);
  targets.publish(token('1'));
  const socket = await connected.promise;
  socket.resume();
  const closed = once(socket, 'close');
  await targets.close();
  await closed;
});

test('raw: a target that reads the bare token to the end and never replies is content', async () => {
  const path = join(temporaryFolder(), 'raw.sock');
  let text = '';
  await serverAt(path, (socket) => socket.on('data', (chunk: Buffer) => (text += chunk.toString())));
  const targets = makeTargets([unixTarget(path, { format: 'raw' })]);
  targets.publish(token('1'));
  await targets.settled();
  expect(targets.report()[0]?.state.kind).toBe('delivered');
  expect(text.trim()).toBe('access-1');
});

test('a target that refuses the token is told of with its reason, and does not stop the later ones', async () => {
  const path = join(temporaryFolder(), 'refusing.sock');
  let reply = 'ERROR bad_message';
  const server = await serverAt(path, (socket) => socket.once('data', () => socket.end(reply)));
  const lines: string[] = [];
  const targets = makeTargets([unixTarget(path)], lines);
  targets.publish(token('1'));
  await targets.settled();
  expect(lines.at(-1)).toMatch(/^WARN .*bad_message/);
  reply = 'OK';
  targets.publish(token('2'));
  await targets.settled();
  expect(targets.report()[0]?.state.kind).toBe('delivered');
  expect(server.listening).toBe(true);
});

test('after a reload, a target that stayed goes on undisturbed, a new one gets the token, one that is gone gets no more', async () => {
  const folder = temporaryFolder();
  const paths = ['a', 'b', 'c'].map((name) => join(folder, `${name}.sock`));
  const [stays, goes, comes] = await Promise.all(paths.map(receiverAt));
  const [a, b, c] = paths.map((path) => unixTarget(path, { name: path }));
  if (!stays || !goes || !comes || !a || !b || !c) throw new Error('three of each');
  const targets = makeTargets([a, b]);
  targets.publish(token('1'));
  await targets.settled();
  await targets.replace([{ ...a }, c]);
  await targets.settled();
  expect(comes.receiver.getLatestToken()?.message.accessToken).toBe('access-1');
  targets.publish(token('2'));
  await targets.settled();
  expect([stays, goes, comes].map(({ receiver }) => receiver.getLatestToken()?.message.accessToken)).toEqual([
    'access-2',
    'access-1',
    'access-2',
  ]);
});

test('Nothing needs a restart to recover: a receiver whose socket file is removed by hand gets the newest token all the same', async () => {
  const path = join(temporaryFolder(), 'token.sock');
  const { receiver, next } = await receiverAt(path);
  const targets = makeTargets([unixTarget(path)]);
  targets.publish(token('1'));
  await targets.settled();
  const newer = next();
  rmSync(path);
  targets.publish(token('2'));
  expect((await newer).message.accessToken).toBe('access-2');
  expect(receiver.isRunning()).toBe(true);
});
