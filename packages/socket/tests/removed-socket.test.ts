/** Sockets that another program removes while they are in use. */
import { chmodSync, existsSync, lstatSync, mkdirSync, readdirSync, renameSync, rmSync, unlinkSync } from 'node:fs';
import { once } from 'node:events';
import { createServer as createHttpServer, get } from 'node:http';
import { createServer } from 'node:net';
import { dirname, join } from 'node:path';
import { describe, expect, onTestFinished, test } from 'vitest';
import { asOrdinaryUser } from '../../../tests/rigs/ordinary-user.ts';
import { bindUnixSocket, SocketKeeper, type SocketNews, type TokenReceiver } from '../src/index.ts';
import { exchange, jsonMessage, rawClient, replyOn } from './raw-client.ts';
import { runningReceiver } from './running-receiver.ts';
import { tempFolder } from './temp-folder.ts';

/** The next news of this kind. */
function told(receiver: TokenReceiver, kind: SocketNews['kind']): Promise<SocketNews> {
  return new Promise((resolve) => {
    const off = receiver.onSocketNews((news) => {
      if (news.kind !== kind) return;
      off();
      resolve(news);
    });
  });
}

describe('a token socket that is removed', () => {
  test('is made again with its mode, and whoever is connected is still answered', async () => {
    const { receiver, path } = await runningReceiver({ socketMode: 0o640 });
    const before = rawClient(path);
    const reply = replyOn(before);
    const message = jsonMessage('made-up-half');
    before.write(message.slice(0, 20));
    await new Promise((resolve) => before.once('connect', resolve));
    for (let round = 0; round < 5; round += 1) {
      const restored = told(receiver, 'restored');
      unlinkSync(path);
      await restored;
      expect(await exchange(path, jsonMessage(`made-up-${round}`))).toBe('OK');
      expect(lstatSync(path).mode & 0o777).toBe(0o640);
    }
    before.write(message.slice(20));
    expect(await reply).toBe('OK');
    expect(receiver.getTokenCount()).toBe(6);
    expect(readdirSync(dirname(path))).toEqual(['token.sock']);
    await receiver.stop();
    expect(readdirSync(dirname(path))).toEqual([]);
  });

  test('with its folder is told of once, and made again when the folder is there', async () => {
    const folder = join(tempFolder(), 'run');
    mkdirSync(folder);
    const { receiver, path } = await runningReceiver({ unixSocketPath: join(folder, 'token.sock') });
    const news: string[] = [];
    receiver.onSocketNews(({ kind }) => news.push(kind));
    const lost = told(receiver, 'lost');
    rmSync(folder, { recursive: true });
    expect(await lost).toMatchObject({ error: { code: 'folder_missing' } });
    expect(receiver.getLastError()).toMatchObject({ code: 'folder_missing' });
    const restored = told(receiver, 'restored');
    mkdirSync(folder);
    await restored;
    expect(await exchange(path, jsonMessage('made-up'))).toBe('OK');
    const again = told(receiver, 'restored');
    unlinkSync(path);
    await again;
    expect(news).toEqual(['lost', 'restored', 'restored']);
  });

  test('with its folder is made again at once by those who may make the folder', async () => {
    const folder = join(tempFolder(), 'run');
    mkdirSync(folder);
    const { receiver, path } = await runningReceiver({
      unixSocketPath: join(folder, 'token.sock'),
      remakeFolder: (gone) => void mkdirSync(gone, { recursive: true }),
    });
    const restored = told(receiver, 'restored');
    rmSync(folder, { recursive: true });
    await restored;
    expect(await exchange(path, jsonMessage('made-up'))).toBe('OK');
  });

  test('does not displace the socket of a program that took the path', async () => {
    const { receiver, path } = await runningReceiver();
    const other = join(dirname(path), 'other.sock');
    // Its visitors look whether anybody listens, and are gone.
    const rival = createServer((socket) => socket.on('error', () => undefined).end('hello'));
    onTestFinished(() => void rival.close());
    await once(rival.listen(other), 'listening');
    const lost = told(receiver, 'lost');
    renameSync(other, path);
    expect(await lost).toMatchObject({ error: { code: 'socket_in_use' } });
    expect(await exchange(path, '')).toBe('hello');
    await receiver.stop();
    expect(existsSync(path)).toBe(true);
  });

  test('is not made any more once the receiver was stopped, not even when it stops at that moment', async () => {
    for (let round = 0; round < 20; round += 1) {
      const { receiver, path } = await runningReceiver();
      unlinkSync(path);
      if (round % 2 === 0) await new Promise(setImmediate);
      await receiver.stop();
      expect(readdirSync(dirname(path))).toEqual([]);
    }
  });
});

test('a socket in a folder that is closed for a while is not taken for removed', async () => {
  const folder = tempFolder();
  await asOrdinaryUser([folder], async () => {
    const { receiver, path } = await runningReceiver({ unixSocketPath: join(folder, 'token.sock') });
    const news: string[] = [];
    receiver.onSocketNews(({ kind }) => news.push(kind));
    const inode = lstatSync(path).ino;
    chmodSync(folder, 0o000);
    // What it looks at shows in the turns of the event loop that a connect takes.
    await exchange(path, '');
    chmodSync(folder, 0o700);
    expect(await exchange(path, jsonMessage('made-up'))).toBe('OK');
    expect([lstatSync(path).ino, news]).toEqual([inode, []]);
    await receiver.stop();
  });
});

test('a server of node:http goes on with the requests that wait', async () => {
  const path = join(tempFolder(), 'api.sock');
  const asked = Promise.withResolvers<() => void>();
  const server = createHttpServer((request, response) => {
    if (request.url === '/now') response.end('now');
    else asked.resolve(() => response.end('later'));
  });
  const claim = await bindUnixSocket(server, path, { mode: 0o600 });
  const { promise: restored, resolve } = Promise.withResolvers<SocketNews>();
  const keeper = new SocketKeeper(claim, { onNews: resolve });
  onTestFinished(async () => {
    await keeper.stop();
    claim.release();
    server.close();
    server.closeAllConnections();
  });
  const waiting = answer(path, '/later');
  const finish = await asked.promise;
  unlinkSync(path);
  expect(await restored).toEqual({ kind: 'restored' });
  expect(await answer(path, '/now')).toBe('now');
  finish();
  expect(await waiting).toBe('later');
});

function answer(socketPath: string, path: string): Promise<string> {
  return new Promise((resolve, reject) => {
    get({ socketPath, path, agent: false }, (response) => {
      let text = '';
      response.on('data', (chunk: Buffer) => (text += chunk.toString()));
      response.on('end', () => resolve(text));
    }).on('error', reject);
  });
}
