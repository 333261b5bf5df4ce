import { once } from 'node:events';
import { chmodSync, writeFileSync } from 'node:fs';
import { createServer, type Socket } from 'node:net';
import { dirname, join } from 'node:path';
import { describe, expect, onTestFinished, test } from 'vitest';
import { asOrdinaryUser } from '../../../tests/rigs/ordinary-user.ts';
import { DeliveryError, formatAddress, sendToken, type TokenAddress, TokenReceiver } from '../src/index.ts';
import { jsonMessage } from './raw-client.ts';
import { nextToken, runningReceiver } from './running-receiver.ts';
import { tempFolder } from './temp-folder.ts';

const OPTIONS = { timeoutMs: 5000, expectReply: true };

/** A target that does as it is told with each connection. */
async function target(onConnection: (socket: Socket) => void): Promise<TokenAddress> {
  const path = join(tempFolder(), 'target.sock');
  const sockets = new Set<Socket>();
  const server = createServer({ allowHalfOpen: true }, (socket) => {
    sockets.add(socket.on('error', () => undefined));
    onConnection(socket);
  });
  onTestFinished(() => {
    server.close();
    for (const socket of sockets) socket.destroy();
  });
  await once(server.listen(path), 'listening');
  return { kind: 'unix', path };
}

function answering(...pieces: string[]): Promise<TokenAddress> {
  return target((socket) => {
    socket.once('data', () => {
      void (async () => {
        for (const piece of pieces) await new Promise((resolve) => socket.write(piece, resolve));
      })();
    });
  });
}

const failure = (delivery: Promise<void>): Promise<unknown> =>
  delivery.then(
    () => 'delivered',
    (error: unknown) => error,
  );

describe('sendToken', () => {
  test('resolves when our receiver holds the token', async () => {
    const { receiver, path } = await runningReceiver();
    await sendToken({ kind: 'unix', path }, jsonMessage('sent'), OPTIONS);
    expect(receiver.getLatestToken()?.message.accessToken).toBe('sent');
  });

  test('delivers over TCP', async () => {
    const receiver = new TokenReceiver({ tcpPort: 0 });
    onTestFinished(() => receiver.stop());
    const [address] = await receiver.start();
    expect(address).toBeDefined();
    if (address) await sendToken(address, jsonMessage('sent'), OPTIONS);
    expect(receiver.getLatestToken()).toMatchObject({ message: { accessToken: 'sent' }, from: 'tcp' });
  });

  test('delivers a bare token to our receiver without a reply', async () => {
    const { receiver, path } = await runningReceiver();
    const arrived = nextToken(receiver);
    await sendToken({ kind: 'unix', path }, 'bare', { timeoutMs: 5000, expectReply: false });
    expect((await arrived).message).toEqual({ accessToken: 'bare' });
  });

  test('without a reply, is done soon even if the target never closes', async () => {
    const address = await target((socket) => socket.resume());
    await sendToken(address, 'bare', { timeoutMs: 30_000, expectReply: false });
  });

  test.each([
    ['a newline', ['OK\r\n']],
    ['white space around it', [' OK ']],
    ['the reply in pieces', ['\n', 'O', 'K']],
  ])('takes OK with %s from a receiver that does not close', async (_, pieces) => {
    await sendToken(await answering(...pieces), 'token', OPTIONS);
  });

  test.each([
    ['ERROR busy\n', 'refused', true, 'busy'],
    ['ERROR bad_json\n', 'refused', false, 'bad_json'],
    ['ERROR\n', 'refused', false, 'unspecified'],
    ['hello\n', 'bad_reply', false, undefined],
    ['x'.repeat(300), 'bad_reply', false, undefined],
  ])('gives the meaning of %j', async (reply, code, retryable, replyCode) => {
    const error = await failure(sendToken(await answering(reply), 'made-up-secret', OPTIONS));
    expect(error).toBeInstanceOf(DeliveryError);
    expect(error).toMatchObject({ code, retryable });
    expect((error as DeliveryError).replyCode).toBe(replyCode);
    expect(String(error)).not.toContain('made-up-secret');
  });

  test('says which refusal our receiver answered', async () => {
    const { path } = await runningReceiver();
    const error = await failure(sendToken({ kind: 'unix', path }, '{}', OPTIONS));
    expect(error).toMatchObject({ code: 'refused', replyCode: 'bad_message', retryable: false });
  });

  test('says no_reply when the target closes without a word', async () => {
    const address = await target((socket) => socket.once('data', () => socket.end()));
    expect(await failure(sendToken(address, 'token', OPTIONS))).toMatchObject({ code: 'no_reply', retryable: true });
  });

  test('says timeout when the target says nothing', async () => {
    const address = await target((socket) => socket.resume());
    expect(await failure(sendToken(address, 'token', { timeoutMs: 50, expectReply: true }))).toMatchObject({
      code: 'timeout',
      retryable: true,
    });
  });

  test('a refusal that has no end is still a refusal at the deadline', async () => {
    const address = await answering('ERROR busy');
    expect(await failure(sendToken(address, 'token', { timeoutMs: 200, expectReply: true }))).toMatchObject({
      code: 'refused',
      replyCode: 'busy',
    });
  });

  test('says not_found where there is no socket, and no_listener where nobody listens', async () => {
    const folder = tempFolder();
    const missing = join(folder, 'missing.sock');
    expect(await failure(sendToken({ kind: 'unix', path: missing }, 'token', OPTIONS))).toMatchObject({
      code: 'not_found',
      retryable: true,
      message: expect.stringContaining(missing) as string,
    });
    const file = join(folder, 'file');
    writeFileSync(file, '');
    expect(await failure(sendToken({ kind: 'unix', path: file }, 'token', OPTIONS))).toMatchObject({
      code: 'no_listener',
    });
    const server = createServer().listen(0, '127.0.0.1');
    await once(server, 'listening');
    const { port } = server.address() as { port: number };
    await new Promise((resolve) => server.close(resolve));
    expect(await failure(sendToken({ kind: 'tcp', host: '127.0.0.1', port }, 'token', OPTIONS))).toMatchObject({
      code: 'no_listener',
    });
  });

  test('a path that no socket can have is an error like others', async () => {
    const path = `/tmp/${'x'.repeat(200)}`;
    expect(await failure(sendToken({ kind: 'unix', path }, 'token', OPTIONS))).toBeInstanceOf(DeliveryError);
  });

  test('says denied where this user may not connect', async () => {
    const { path } = await runningReceiver();
    chmodSync(path, 0);
    await asOrdinaryUser([dirname(path)], async () => {
      expect(await failure(sendToken({ kind: 'unix', path }, 'token', OPTIONS))).toMatchObject({
        code: 'denied',
        retryable: false,
      });
    });
  });

  test('does not send a token to another machine in the clear', async () => {
    const address: TokenAddress = { kind: 'tcp', host: '192.0.2.1', port: 9999 };
    expect(await failure(sendToken(address, 'token', OPTIONS))).toMatchObject({
      code: 'tls_required',
      retryable: false,
    });
  });

  test('ends when its signal says so, before and during', async () => {
    const connected: Socket[] = [];
    const address = await target((socket) => connected.push(socket));
    const controller = new AbortController();
    const delivery = failure(sendToken(address, 'token', { ...OPTIONS, timeoutMs: 60_000, signal: controller.signal }));
    controller.abort();
    expect(await delivery).toMatchObject({ code: 'aborted', retryable: false });
    expect(await failure(sendToken(address, 'token', { ...OPTIONS, signal: controller.signal }))).toMatchObject({
      code: 'aborted',
    });
  });
});

test('an address is written so that it can be read', () => {
  expect(formatAddress({ kind: 'unix', path: '/run/x.sock' })).toBe('unix:/run/x.sock');
  expect(formatAddress({ kind: 'tcp', host: '127.0.0.1', port: 9999 })).toBe('tcp:127.0.0.1:9999');
  expect(formatAddress({ kind: 'tcp', host: '::1', port: 9999 })).toBe('tcp:[::1]:9999');
});
