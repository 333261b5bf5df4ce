import { once } from 'node:events';
import {
  chmodSync,
  existsSync,
  linkSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  unlinkSync,
  writeFileSync,
} from 'node:fs';
import { createServer as createHttpServer } from 'node:http';
import { createServer, type Server } from 'node:net';
import { dirname, join } from 'node:path';
import { describe, expect, onTestFinished, test } from 'vitest';
import { asOrdinaryUser } from '../../../tests/rigs/ordinary-user.ts';
import { bindUnixSocket, SocketBindError, TokenReceiver, type TokenReceiverOptions } from '../src/index.ts';
import { fileIdentity } from '../src/stale-socket.ts';
import { leaveStaleSocket } from './dead-listener.ts';
import { exchange, jsonMessage } from './raw-client.ts';
import { runningReceiver } from './running-receiver.ts';
import { tempFolder } from './temp-folder.ts';

async function startError(options: TokenReceiverOptions): Promise<SocketBindError> {
  const receiver = new TokenReceiver(options);
  onTestFinished(() => receiver.stop());
  const error: unknown = await receiver.start().then(
    () => undefined,
    (reason: unknown) => reason,
  );
  expect(error).toBeInstanceOf(SocketBindError);
  expect(receiver.isRunning()).toBe(false);
  expect(receiver.getLastError()).toBe(error);
  return error as SocketBindError;
}

function closing<T extends Server>(server: T): T {
  onTestFinished(() => {
    server.close();
  });
  return server;
}

describe('a Unix socket', () => {
  test('replaces what a killed program left', async () => {
    const path = join(tempFolder(), 'token.sock');
    await leaveStaleSocket(path);
    expect(lstatSync(path).isSocket()).toBe(true);
    await runningReceiver({ unixSocketPath: path });
    expect(await exchange(path, jsonMessage('a'))).toBe('OK');
  });

  test('leaves a live one alone, and names it, also where TCP could be had instead', async () => {
    const { receiver, path } = await runningReceiver();
    const error = await startError({ unixSocketPath: path, tcpPort: 0 });
    expect(error.code).toBe('socket_in_use');
    expect(error.message).toContain(path);
    expect(await exchange(path, jsonMessage('still-here'))).toBe('OK');
    expect(receiver.getTokenCount()).toBe(1);
  });

  test('of many starters racing for a stale one, exactly one wins', async () => {
    for (let round = 0; round < 5; round++) {
      const path = join(tempFolder(), 'token.sock');
      await leaveStaleSocket(path);
      const starters = Array.from({ length: 6 }, () => new TokenReceiver({ unixSocketPath: path }));
      onTestFinished(() => Promise.all(starters.map((starter) => starter.stop())).then(() => undefined));
      const outcomes = await Promise.allSettled(starters.map((starter) => starter.start()));
      const winners = starters.filter((starter) => starter.isRunning());
      expect(winners).toHaveLength(1);
      expect(outcomes.flatMap((outcome) => (outcome.status === 'rejected' ? [outcome.reason as unknown] : []))).toEqual(
        Array.from({ length: 5 }, () => expect.objectContaining({ code: 'socket_in_use' }) as unknown),
      );
      expect(await exchange(path, jsonMessage('to-the-winner'))).toBe('OK');
      expect(winners[0]?.getTokenCount()).toBe(1);
      expect(readdirSync(join(path, '..'))).toEqual(['token.sock']);
    }
  });

  test('is not taken for a stale one that had the same number of an inode', () => {
    const file = join(tempFolder(), 'file');
    const made = (): { inode: number; identity: string | undefined } => {
      writeFileSync(file, '');
      return { inode: lstatSync(file).ino, identity: fileIdentity(file) };
    };
    const first = made();
    const startedMs = Date.now();
    let last;
    do {
      // Most file systems give a number again as soon as it is free.
      unlinkSync(file);
      last = made();
    } while (Date.now() - startedMs < 100);
    expect(last.inode === first.inode && last.identity === first.identity).toBe(false);
  });

  test('gives way to a starter that took the path at the last moment', async () => {
    const { path: rival } = await runningReceiver();
    const path = join(dirname(rival), 'wanted.sock');
    const server = createServer().once('listening', () => linkSync(rival, path));
    await expect(bindUnixSocket(server, path, { mode: 0o600 })).rejects.toMatchObject({ code: 'socket_in_use' });
    expect(server.listening).toBe(false);
    expect(await exchange(path, jsonMessage('to-the-rival'))).toBe('OK');
  });

  test('replaces a stale one that turned up at the last moment', async () => {
    const folder = tempFolder();
    const path = join(folder, 'wanted.sock');
    await leaveStaleSocket(join(folder, 'stale.sock'));
    const server = closing(createServer((socket) => socket.end('hello')));
    server.once('listening', () => renameSync(join(folder, 'stale.sock'), path));
    const claim = await bindUnixSocket(server, path, { mode: 0o600 });
    expect(await exchange(path, '')).toBe('hello');
    claim.release();
    expect(readdirSync(folder)).toEqual([]);
  });

  test('does not touch a file at its path', async () => {
    const path = join(tempFolder(), 'token.sock');
    writeFileSync(path, 'precious');
    const error = await startError({ unixSocketPath: path });
    expect(error).toMatchObject({ code: 'not_a_socket', message: expect.stringContaining(path) as string });
    expect(readFileSync(path, 'utf8')).toBe('precious');
  });

  test('names a folder that is missing', async () => {
    const folder = join(tempFolder(), 'missing');
    const error = await startError({ unixSocketPath: join(folder, 'token.sock') });
    expect(error).toMatchObject({ code: 'folder_missing', message: expect.stringContaining(folder) as string });
  });

  test('says so when a part of its folder is a file', async () => {
    const file = join(tempFolder(), 'file');
    writeFileSync(file, '');
    expect(await startError({ unixSocketPath: join(file, 'token.sock') })).toMatchObject({ code: 'folder_missing' });
  });

  test('names a folder that is not writable', async () => {
    const folder = tempFolder();
    chmodSync(folder, 0o500);
    const error = await asOrdinaryUser([folder], () => startError({ unixSocketPath: join(folder, 'token.sock') }));
    expect(error).toMatchObject({ code: 'not_writable', message: expect.stringContaining(folder) as string });
  });

  test('names a folder that it may not even look into', async () => {
    const folder = tempFolder();
    chmodSync(folder, 0);
    const error = await asOrdinaryUser([folder], () => startError({ unixSocketPath: join(folder, 'token.sock') }));
    expect(error).toMatchObject({ code: 'not_writable', message: expect.stringContaining(folder) as string });
  });

  test('names a folder below one that it may not look into', async () => {
    const above = tempFolder();
    const folder = join(above, 'inner');
    mkdirSync(folder);
    chmodSync(above, 0);
    const error = await asOrdinaryUser([above, folder], () =>
      startError({ unixSocketPath: join(folder, 'token.sock') }),
    );
    expect(error).toMatchObject({ code: 'not_writable', message: expect.stringContaining(folder) as string });
  });

  test('leaves a socket alone that it may not connect to', async () => {
    const { path } = await runningReceiver({ socketMode: 0 });
    const error = await asOrdinaryUser([dirname(path)], () => startError({ unixSocketPath: path }));
    expect(error).toMatchObject({ code: 'socket_in_use', message: expect.stringContaining(path) as string });
    expect(existsSync(path)).toBe(true);
  });

  test('takes a path of 107 bytes, and refuses one of 108 even where TCP could be had instead', async () => {
    const folder = tempFolder();
    const path = join(folder, 'x'.repeat(107 - folder.length - 1));
    await runningReceiver({ unixSocketPath: path });
    expect(await exchange(path, jsonMessage('a'))).toBe('OK');
    const error = await startError({ unixSocketPath: `${path}x`, tcpPort: 0 });
    expect(error).toMatchObject({ code: 'path_too_long', message: expect.stringContaining('107') as string });
  });

  test('takes a short name in a long folder', async () => {
    const start = tempFolder();
    const folder = join(start, 'd'.repeat(107 - '/s.sock'.length - start.length - 1));
    mkdirSync(folder);
    const path = join(folder, 's.sock');
    expect(Buffer.byteLength(path)).toBe(107);
    await runningReceiver({ unixSocketPath: path });
    expect(await exchange(path, jsonMessage('a'))).toBe('OK');
  });

  test.each([0o000, 0o022, 0o777])('has its mode whatever the umask (%o)', async (umask) => {
    const path = join(tempFolder(), 'token.sock');
    const before = process.umask(umask);
    try {
      await runningReceiver({ unixSocketPath: path, socketMode: 0o660 });
    } finally {
      process.umask(before);
    }
    expect(lstatSync(path).mode & 0o777).toBe(0o660);
  });

  test('has its mode and group at the first moment that it can be seen', async () => {
    const folder = tempFolder();
    const path = join(folder, 'token.sock');
    // Root may give a file to any group, others only to one of theirs.
    const groupId = process.getuid?.() === 0 ? 54_321 : (process.getgroups?.().at(-1) ?? 0);
    const receiver = new TokenReceiver({ unixSocketPath: path, socketMode: 0o640, socketGroupId: groupId });
    onTestFinished(() => receiver.stop());
    const seen = new Set<string>();
    const started = receiver.start();
    const done = started.then(() => 'started');
    const turn = (): Promise<string> => new Promise((resolve) => setImmediate(() => resolve('waiting')));
    do {
      if (!existsSync(path)) continue;
      const stats = lstatSync(path);
      seen.add(`${(stats.mode & 0o777).toString(8)} ${stats.gid}`);
    } while ((await Promise.race([done, turn()])) === 'waiting' || seen.size === 0);
    await started;
    expect([...seen]).toEqual([`640 ${groupId}`]);
  });

  test('does not open at all when it cannot have its group, also where TCP could be had instead', async () => {
    const folder = tempFolder();
    const options = { unixSocketPath: join(folder, 'token.sock'), tcpPort: 0, socketGroupId: 12_345 };
    const error = await asOrdinaryUser([folder], () => startError(options));
    expect(error.code).toBe('group_not_permitted');
    expect(readdirSync(folder)).toEqual([]);
  });

  test('takes its file away when it stops, and leaves no other', async () => {
    const folder = tempFolder();
    const { receiver } = await runningReceiver({ unixSocketPath: join(folder, 'token.sock') });
    await receiver.stop();
    expect(readdirSync(folder)).toEqual([]);
  });

  test('leaves a socket that has taken its place, and a file too', async () => {
    const folder = tempFolder();
    const path = join(folder, 'token.sock');
    const first = await runningReceiver({ unixSocketPath: path });
    renameSync(path, join(folder, 'old.sock'));
    const second = await runningReceiver({ unixSocketPath: path });
    await first.receiver.stop();
    expect(await exchange(path, jsonMessage('to-the-second'))).toBe('OK');
    renameSync(path, join(folder, 'older.sock'));
    writeFileSync(path, 'precious');
    await second.receiver.stop();
    expect(readFileSync(path, 'utf8')).toBe('precious');
  });

  test('leaves nothing behind when it cannot be opened', async () => {
    const folder = tempFolder();
    const path = join(folder, 'token.sock');
    mkdirSync(path);
    await startError({ unixSocketPath: path });
    expect(readdirSync(folder)).toEqual(['token.sock']);
    expect(readdirSync(path)).toEqual([]);
  });

  test('serves HTTP as well', async () => {
    const path = join(tempFolder(), 'api.sock');
    const server = closing(createHttpServer((_, response) => response.end('hello')));
    const claim = await bindUnixSocket(server, path, { mode: 0o600 });
    expect(await exchange(path, 'GET / HTTP/1.0\r\n\r\n')).toContain('hello');
    claim.release();
    expect(existsSync(path)).toBe(false);
  });
});

describe('TCP', () => {
  const blocked = (): string => join(tempFolder(), 'missing', 'token.sock');

  test('takes the place of a Unix socket that cannot be opened, and says why', async () => {
    const receiver = new TokenReceiver({ unixSocketPath: blocked(), tcpPort: 0 });
    onTestFinished(() => receiver.stop());
    const addresses = await receiver.start();
    expect(addresses).toEqual([{ kind: 'tcp', host: '127.0.0.1', port: expect.any(Number) as number }]);
    expect(receiver.getLastError()).toMatchObject({ code: 'folder_missing' });
    const [address] = addresses;
    if (address?.kind === 'tcp') expect(await exchange(address, jsonMessage('a'))).toBe('OK');
    expect(receiver.getLatestToken()?.from).toBe('tcp');
  });

  test('is not opened beside a Unix socket that is preferred', async () => {
    const { receiver, path } = await runningReceiver({ tcpPort: 0 });
    expect(receiver.addresses()).toEqual([{ kind: 'unix', path }]);
  });

  test('is opened beside it where both are wanted, and then both must open', async () => {
    const { receiver } = await runningReceiver({ tcpPort: 0, preferUnixSocket: false });
    expect(receiver.addresses().map((address) => address.kind)).toEqual(['unix', 'tcp']);
    for (const address of receiver.addresses()) {
      expect(await exchange(address.kind === 'unix' ? address.path : address, jsonMessage(address.kind))).toBe('OK');
    }
    expect(await startError({ unixSocketPath: blocked(), tcpPort: 0, preferUnixSocket: false })).toMatchObject({
      code: 'folder_missing',
    });
  });

  test('names a port in use, and leaves no Unix socket behind', async () => {
    const other = closing(createServer().listen(0, '127.0.0.1'));
    await once(other, 'listening');
    const { port } = other.address() as { port: number };
    const path = join(tempFolder(), 'token.sock');
    const error = await startError({ unixSocketPath: path, tcpPort: port, preferUnixSocket: false });
    expect(error).toMatchObject({
      code: 'address_in_use',
      message: expect.stringContaining(`127.0.0.1:${port}`) as string,
    });
    expect(existsSync(path)).toBe(false);
  });

  test.each(['0.0.0.0', '::', '192.0.2.1', 'example.com', '10.0.0.1'])(
    'is refused on %s, which needs TLS',
    async (tcpHost) => {
      const path = join(tempFolder(), 'token.sock');
      expect(await startError({ unixSocketPath: path, tcpHost, tcpPort: 0 })).toMatchObject({
        code: 'tls_required',
        message: expect.stringContaining(tcpHost) as string,
      });
      expect(existsSync(path)).toBe(false);
    },
  );

  test.each(['127.0.0.1', '127.0.0.2', 'localhost'])('is opened on %s', async (tcpHost) => {
    const receiver = new TokenReceiver({ tcpHost, tcpPort: 0 });
    onTestFinished(() => receiver.stop());
    expect(await receiver.start()).toHaveLength(1);
  });

  test('or a Unix socket there must be', async () => {
    expect(await startError({})).toMatchObject({ code: 'no_address' });
  });
});

test('a folder that was closed afterwards does not keep it from stopping', async () => {
  const folder = tempFolder();
  const { receiver } = await runningReceiver({ unixSocketPath: join(folder, 'token.sock') });
  chmodSync(folder, 0o500);
  await asOrdinaryUser([folder], () => receiver.stop());
  chmodSync(folder, 0o700);
  expect(receiver.isRunning()).toBe(false);
});
