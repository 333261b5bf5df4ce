/** TCP in place of a Unix socket that cannot be opened, and the Unix socket as soon as it can be. */
import { existsSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { TokenReceiver, type SocketNews } from '../src/index.ts';
import { exchange, jsonMessage } from './raw-client.ts';
import { tempFolder } from './temp-folder.ts';

/** It has fallen back, because the folder of its socket is not there. */
async function fallenBack(): Promise<{
  receiver: TokenReceiver;
  folder: string;
  path: string;
  news: SocketNews[];
  tick: () => void;
}> {
  const folder = join(tempFolder(), 'later');
  const path = join(folder, 'token.sock');
  const listeners = new Set<() => void>();
  const receiver = new TokenReceiver({
    unixSocketPath: path,
    tcpPort: 0,
    onTick: (listener, signal) => {
      listeners.add(listener);
      signal.addEventListener('abort', () => listeners.delete(listener));
    },
  });
  const news: SocketNews[] = [];
  receiver.onSocketNews((each) => news.push(each));
  onTestFinished(() => receiver.stop());
  expect(await receiver.start()).toMatchObject([{ kind: 'tcp' }]);
  expect(receiver.getLastError()).toMatchObject({ code: 'folder_missing' });
  return { receiver, folder, path, news, tick: () => listeners.forEach((listener) => listener()) };
}

test('The Unix socket is opened when it can be, with TCP beside it, and is kept like any other', async () => {
  const { receiver, folder, path, news, tick } = await fallenBack();
  tick();
  mkdirSync(folder);
  await expect
    .poll(() => {
      tick();
      return news;
    })
    .toEqual([{ kind: 'opened' }]);
  expect(receiver.addresses()).toMatchObject([{ kind: 'unix', path }, { kind: 'tcp' }]);
  expect(await exchange(path, jsonMessage('over-unix'))).toBe('OK');
  expect(receiver.getLatestToken()?.message.accessToken).toBe('over-unix');
  const tcp = receiver.addresses().find((address) => address.kind === 'tcp');
  expect(await exchange({ host: '127.0.0.1', port: tcp?.kind === 'tcp' ? tcp.port : 0 }, jsonMessage('over-tcp'))).toBe(
    'OK',
  );
  expect(receiver.getLatestToken()?.message.accessToken).toBe('over-tcp');
  tick();
  expect(receiver.addresses()).toHaveLength(2);
  await receiver.stop();
  expect(existsSync(path)).toBe(false);
});

test('What is opened while the receiver stops is closed with the rest', async () => {
  const { receiver, folder, path, tick } = await fallenBack();
  mkdirSync(folder);
  tick();
  await receiver.stop();
  expect(existsSync(path)).toBe(false);
  expect(receiver.isRunning()).toBe(false);
});
