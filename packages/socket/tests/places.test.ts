import { once } from 'node:events';
import type { NetConnectOpts, Socket } from 'node:net';
import { describe, expect, test, vi } from 'vitest';
import { type Rejection, type TokenReceiver, type TokenReceiverOptions } from '../src/index.ts';
import { exchange, jsonMessage, rawClient, replyOn } from './raw-client.ts';
import { runningReceiver } from './running-receiver.ts';

/** A receiver whose clock moves when the test says so. */
async function receiverWithClock(
  options: TokenReceiverOptions,
): Promise<{ receiver: TokenReceiver; path: string; clock: { nowMs: number } }> {
  const clock = { nowMs: 0 };
  return { ...(await runningReceiver({ monotonicMs: () => clock.nowMs, ...options })), clock };
}

async function connected(path: string, count: number): Promise<Socket[]> {
  const sockets = Array.from({ length: count }, () => rawClient(path));
  await Promise.all(sockets.map((socket) => once(socket, 'connect')));
  return sockets;
}

/** A connection that is made as soon as the backlog has room for it. */
async function patientClient(where: string | NetConnectOpts): Promise<Socket> {
  for (;;) {
    const socket = rawClient(where);
    const outcome = await new Promise<Error | undefined>((resolve) => {
      socket.once('error', resolve).once('connect', () => resolve(undefined));
    });
    if (outcome === undefined) return socket;
  }
}

/** The number of those who have been told busy, once all the others are known to be waiting still. */
const toldBusy = (replies: string[]): number => replies.filter((reply) => reply === 'ERROR busy').length;

describe('a connection that has sent nothing for a second', () => {
  test('gives up its place to one that comes, the oldest first, and is told busy', async () => {
    const { receiver, path, clock } = await receiverWithClock({ maxConnections: 2 });
    const rejections: Rejection[] = [];
    receiver.onRejected((rejection) => rejections.push(rejection));
    const [first] = await connected(path, 1);
    clock.nowMs = 500;
    const [second] = await connected(path, 1);
    if (first === undefined || second === undefined) throw new Error('not connected');
    const replies: string[] = [];
    for (const [socket, name] of [
      [first, 'first'],
      [second, 'second'],
    ] as const) {
      void replyOn(socket).then((reply) => replies.push(`${name}: ${reply}`));
    }
    clock.nowMs = 1000;
    expect(await exchange(path, jsonMessage('made-up-1'))).toBe('OK');
    await vi.waitFor(() => expect(replies).toEqual(['first: ERROR busy']));
    expect(rejections).toMatchObject([{ code: 'busy', from: 'unix' }]);
    second.write(jsonMessage('made-up-2'));
    await vi.waitFor(() => expect(replies).toEqual(['first: ERROR busy', 'second: OK']));
    expect(receiver.getTokenCount()).toBe(2);
    // It stays, and is not kept.
    await vi.waitFor(() => {
      first.write('late');
      expect(first.destroyed).toBe(true);
    });
  });

  test('keeps it as long as there is room', async () => {
    const { path, clock } = await receiverWithClock({ maxConnections: 3 });
    const [silent] = await connected(path, 1);
    if (silent === undefined) throw new Error('not connected');
    clock.nowMs = 4000;
    for (let round = 0; round < 5; round++) expect(await exchange(path, jsonMessage(`made-up-${round}`))).toBe('OK');
    const reply = replyOn(silent);
    silent.write(jsonMessage('made-up-late'));
    expect(await reply).toBe('OK');
  });

  test('keeps it when it is younger, and the one that comes is told busy', async () => {
    const { path, clock } = await receiverWithClock({ maxConnections: 2 });
    const silent = await connected(path, 2);
    clock.nowMs = 999;
    expect(await exchange(path, jsonMessage('made-up'))).toBe('ERROR busy');
    const replies = silent.map(replyOn);
    for (const socket of silent) socket.write(jsonMessage('made-up'));
    expect(await Promise.all(replies)).toEqual(['OK', 'OK']);
  });

  test('is one that went silent inside its message too; each part that comes counts anew', async () => {
    const { path, clock } = await receiverWithClock({ maxConnections: 2 });
    const [talking, stuck] = await connected(path, 2);
    if (talking === undefined || stuck === undefined) throw new Error('not connected');
    const replies = [replyOn(talking), replyOn(stuck)];
    await new Promise((resolve) => stuck.write('{', resolve));
    for (const part of ['{"access_token":', '"made-up-slow",', '"expires_at":']) {
      clock.nowMs += 600;
      await new Promise((resolve) => talking.write(part, resolve));
      // One that is answered was taken in after what was written before it.
      await vi.waitFor(async () => expect(['OK', 'ERROR busy']).toContain(await exchange(path, 'made-up\n')));
    }
    expect(await replies[1]).toBe('ERROR busy');
    talking.write('1}');
    expect(await replies[0]).toBe('OK');
  });

  test('is one that has its reply and stays, and it is closed without another', async () => {
    const { path, clock } = await receiverWithClock({ maxConnections: 1 });
    const staying = rawClient(path);
    const closed = new Promise((resolve) => staying.on('close', resolve));
    const reply = replyOn(staying);
    await once(staying, 'connect');
    expect(await exchange(path, '')).toBe('ERROR busy');
    clock.nowMs = 900;
    staying.write(jsonMessage('made-up-1'));
    expect(await reply).toBe('OK');
    clock.nowMs = 1800;
    expect(await exchange(path, jsonMessage('made-up-2'))).toBe('ERROR busy');
    clock.nowMs = 1900;
    expect(await exchange(path, jsonMessage('made-up-3'))).toBe('OK');
    staying.end();
    await closed;
  });
});

/** More than ten times as many as there are places. */
const SILENT = 3000;

describe('thousands of connections that send nothing', () => {
  test.each([
    ['unix', {}],
    ['tcp', { tcpPort: 0, preferUnixSocket: false }],
  ])('do not keep a sender out: %s', async (kind, options) => {
    const { receiver, path, clock } = await receiverWithClock({ receiveTimeoutMs: 60_000, ...options });
    const address = receiver.addresses().find((other) => other.kind === kind);
    const where = address?.kind === 'tcp' ? { host: address.host, port: address.port, allowHalfOpen: true } : path;
    const replies: string[] = [];
    for (let count = 0; count < SILENT; count++) {
      const socket = await patientClient(where);
      void replyOn(socket).then((reply) => replies.push(reply));
    }
    await vi.waitFor(() => expect(replies).toHaveLength(SILENT - 256), { timeout: 10_000 });
    expect(toldBusy(replies)).toBe(SILENT - 256);

    expect(await exchange(where, jsonMessage('made-up-too-early'))).toBe('ERROR busy');
    clock.nowMs = 1000;
    for (let round = 0; round < 10; round++) {
      expect(await exchange(where, jsonMessage(`made-up-${round}`))).toBe('OK');
    }
    expect(receiver.getTokenCount()).toBe(10);
    await vi.waitFor(() => expect(replies.length).toBeGreaterThan(SILENT - 256));
    expect(toldBusy(replies)).toBe(replies.length);
    expect(replies.length).toBeLessThanOrEqual(SILENT - 256 + 10);
  });
});
