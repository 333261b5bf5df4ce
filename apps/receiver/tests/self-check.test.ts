import { once } from 'node:events';
import { createServer as createHttpServer } from 'node:http';
import { connect, createServer, type Server } from 'node:net';
import { join } from 'node:path';
import { expect, onTestFinished, test, vi } from 'vitest';
import { feedWatchdogWhileAccepting } from '../src/self-check.ts';
import { ask, runningReceiver, temporaryFolder } from './running-receiver.ts';

/** Resolves at the next call. */
function next(mock: ReturnType<typeof vi.fn>): Promise<unknown> {
  return new Promise<unknown>((resolve) => {
    mock.mockImplementationOnce(resolve);
  });
}

/** A watchdog that is looked at: `fed` and `warned` resolve at the next time. */
function watchdog(
  socketPath: string,
  server: Server,
  given: { intervalMs?: number | undefined; isSocketLost?: boolean },
) {
  const { intervalMs, isSocketLost = false } = given;
  const stop = new AbortController();
  const [pet, warn] = [vi.fn(), vi.fn()];
  const log = { debug: vi.fn(), info: vi.fn(), warn, error: vi.fn() };
  const options = { socketPath, server, log, isSocketLost: () => isSocketLost };
  onTestFinished(() => stop.abort());
  feedWatchdogWhileAccepting({ intervalMs, pet }, options, stop.signal);
  return { stop, pet, warn, fed: () => next(pet), warned: () => next(warn) };
}

async function listening(server: Server): Promise<string> {
  const path = join(temporaryFolder(), 'api.sock');
  await once(server.listen(path), 'listening');
  return path;
}

test('a receiver that accepts its own connection feeds the watchdog again and again, until it is stopped', async () => {
  const { receiver, api } = await runningReceiver();
  const stop = new AbortController();
  const pet = vi.fn();
  receiver.feedWatchdog({ intervalMs: 20, pet }, stop.signal);
  for (let time = 0; time < 3; time += 1) await next(pet);
  stop.abort();
  const before = pet.mock.calls.length;
  expect((await ask(api, '/healthz')).status).toBe(200);
  expect(pet).toHaveBeenCalledTimes(before);
});

test('one that does not listen starves it and says so, and feeds it when it is back', async () => {
  await using server = createServer((socket) => void socket.on('error', () => undefined).resume());
  const path = join(temporaryFolder(), 'api.sock');
  const dog = watchdog(path, server, { intervalMs: 20 });
  expect(await dog.warned()).toContain(path);
  await dog.warned();
  expect(dog.pet).not.toHaveBeenCalled();
  server.listen(path);
  await dog.fed();
});

test('one whose connections the system takes, and nobody accepts, starves it, and says so', async () => {
  // It listens at the path and is looked at through another server: connects succeed, and it accepts none.
  await using elsewhere = createServer((socket) => void socket.on('error', () => undefined).resume());
  await using server = createServer();
  const path = await listening(elsewhere);
  const dog = watchdog(path, server, { intervalMs: 20 });
  expect(await dog.warned()).toContain(`does not accept its own connection to ${path}`);
  await dog.warned();
  expect(dog.pet).not.toHaveBeenCalled();
});

test('one connection is proof once', async () => {
  await using server = createServer((socket) => void socket.on('error', () => undefined).resume());
  const path = await listening(server);
  const dog = watchdog(path, server, { intervalMs: 600_000 });
  await dog.fed();
  const visitor = connect(path);
  await once(server, 'connection');
  visitor.destroy();
  expect(dog.pet).toHaveBeenCalledTimes(1);
});

test('it asks nothing, and leaves no connection open', async () => {
  const asked = vi.fn();
  await using server = createHttpServer(asked);
  const path = await listening(server);
  const closed = Promise.withResolvers<unknown>();
  server.once('connection', (socket) => void socket.once('close', closed.resolve));
  watchdog(path, server, { intervalMs: 600_000 });
  await closed.promise;
  expect(asked).not.toHaveBeenCalled();
});

test('stopping leaves nothing behind of a connection that is not accepted', async () => {
  const [opened, closed] = [Promise.withResolvers<unknown>(), Promise.withResolvers<unknown>()];
  await using elsewhere = createServer((socket) => {
    socket.on('error', () => undefined).resume();
    socket.once('close', closed.resolve);
    opened.resolve(undefined);
  });
  await using server = createServer();
  const dog = watchdog(await listening(elsewhere), server, { intervalMs: 600_000 });
  await opened.promise;
  dog.stop.abort();
  await closed.promise;
  expect(dog.warn).not.toHaveBeenCalled();
  expect(server.listenerCount('connection')).toBe(0);
});

test('a clock that is set back does not starve it', async () => {
  const { receiver } = await runningReceiver();
  vi.useFakeTimers({ toFake: ['Date'] });
  onTestFinished(() => void vi.useRealTimers());
  const stop = new AbortController();
  onTestFinished(() => stop.abort());
  const pet = vi.fn();
  receiver.feedWatchdog({ intervalMs: 20, pet }, stop.signal);
  await next(pet);
  vi.setSystemTime(Date.now() - 3_600_000);
  await next(pet);
});

test('without a watchdog nobody connects', async () => {
  const connected = vi.fn();
  await using server = createServer(connected);
  const path = await listening(server);
  const dog = watchdog(path, server, { intervalMs: undefined });
  // Connections are accepted in the order in which they came.
  const visitor = connect(path);
  await once(server, 'connection');
  visitor.destroy();
  expect([connected.mock.calls.length, dog.pet.mock.calls.length]).toEqual([1, 0]);
});

test('one whose places are all taken is alive', async () => {
  await using server = createServer((socket) => void socket.on('error', () => undefined).resume());
  server.maxConnections = 1;
  const path = await listening(server);
  const visitor = connect(path);
  onTestFinished(() => void visitor.destroy());
  await once(server, 'connection');
  const dog = watchdog(path, server, { intervalMs: 20 });
  await dog.fed();
  await dog.fed();
  visitor.destroy();
});

test.each([true, false])('one whose socket another program has removed is alive (%s)', async (isSocketLost) => {
  await using server = createServer();
  const dog = watchdog(join(temporaryFolder(), 'removed.sock'), server, { intervalMs: 20, isSocketLost });
  if (isSocketLost) await dog.fed();
  else await dog.warned();
  expect(dog.pet).toHaveBeenCalledTimes(isSocketLost ? 1 : 0);
});

test.each([true, false])('one whose socket another program has replaced is alive (%s)', async (isSocketLost) => {
  await using rival = createServer((socket) => void socket.on('error', () => undefined).resume());
  await using server = createServer();
  const dog = watchdog(await listening(rival), server, { intervalMs: 20, isSocketLost });
  if (isSocketLost) await dog.fed();
  else await dog.warned();
  expect(dog.pet).toHaveBeenCalledTimes(isSocketLost ? 1 : 0);
});
