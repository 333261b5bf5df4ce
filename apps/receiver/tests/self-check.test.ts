import type { Log } from '@token-relay/daemon';
import { createServer as createHttpServer } from 'node:http';
import { once } from 'node:events';
import { createServer, type Server } from 'node:net';
import { join } from 'node:path';
import { expect, onTestFinished, test, vi } from 'vitest';
import { feedWatchdog } from '../src/self-check.ts';
import { makeReceiver, temporaryFolder } from './running-receiver.ts';

/** A watchdog that is looked at: `fed` and `warned` resolve at the next time. */
function watchdog(api: string, intervalMs = 50, { isFull = false, isSocketLost = false } = {}) {
  const stop = new AbortController();
  const pet = vi.fn();
  const warn = vi.fn();
  const log: Log = { debug: vi.fn(), info: vi.fn(), warn, error: vi.fn() };
  const ended = feedWatchdog(api, { intervalMs, pet }, log, stop.signal, {
    isFull: () => isFull,
    isSocketLost: () => isSocketLost,
  });
  onTestFinished(async () => {
    stop.abort();
    await ended;
  });
  const next = (mock: typeof pet) =>
    new Promise<unknown>((resolve) => {
      mock.mockImplementationOnce(resolve);
    });
  return { stop, pet, warn, ended, fed: () => next(pet), warned: () => next(warn) };
}

async function listening(server: Server): Promise<string> {
  const path = join(temporaryFolder(), 'api.sock');
  await once(server.listen(path), 'listening');
  return path;
}

test('a receiver that answers itself feeds the watchdog again and again, until it is stopped', async () => {
  const { receiver, api } = await makeReceiver();
  await receiver.start();
  const dog = watchdog(api);
  for (let time = 0; time < 3; time += 1) await dog.fed();
  dog.stop.abort();
  await dog.ended;
});

test('one that does not listen starves it and says so, and feeds it when it is back', async () => {
  const { receiver, api } = await makeReceiver();
  const dog = watchdog(api);
  expect(await dog.warned()).toContain(api);
  await dog.warned();
  expect(dog.pet).not.toHaveBeenCalled();
  await receiver.start();
  await dog.fed();
});

test('one that accepts and never answers starves it, and says so', async () => {
  await using silent = createServer((socket) => {
    socket.on('error', () => undefined).resume();
  });
  const dog = watchdog(await listening(silent), 20);
  expect(await dog.warned()).toMatch(/does not answer itself: no answer within 20 ms/);
  await dog.warned();
  expect(dog.pet).not.toHaveBeenCalled();
});

test('stopping does not wait for an answer that does not come', async () => {
  const asked = Promise.withResolvers<undefined>();
  await using silent = createServer((socket) => {
    socket.on('error', () => undefined).resume();
    asked.resolve(undefined);
  });
  const dog = watchdog(await listening(silent), 600_000);
  await asked.promise;
  dog.stop.abort();
  await dog.ended;
  expect(dog.warn).not.toHaveBeenCalled();
});

test('one that answers with an error starves it, and says so', async () => {
  await using broken = createHttpServer((_, response) => {
    response.writeHead(500).end();
  });
  const dog = watchdog(await listening(broken));
  expect(await dog.warned()).toContain('HTTP 500');
  await dog.warned();
  expect(dog.pet).not.toHaveBeenCalled();
});

test('a clock that is set back does not starve it', async () => {
  const { receiver, api } = await makeReceiver();
  await receiver.start();
  vi.useFakeTimers({ toFake: ['Date'] });
  onTestFinished(() => void vi.useRealTimers());
  const dog = watchdog(api);
  await dog.fed();
  vi.setSystemTime(Date.now() - 3_600_000);
  await dog.fed();
});

test('without a watchdog nobody is asked, and stopping ends it', async () => {
  let asked = 0;
  await using server = createServer(() => void (asked += 1));
  const path = await listening(server);
  const stop = new AbortController();
  const pet = vi.fn();
  const log: Log = { debug: vi.fn(), info: vi.fn(), warn: vi.fn(), error: vi.fn() };
  const ended = feedWatchdog(path, { intervalMs: undefined, pet }, log, stop.signal, {
    isFull: () => false,
    isSocketLost: () => false,
  });
  stop.abort();
  await ended;
  expect([asked, pet.mock.calls.length]).toEqual([0, 0]);
});

test.each([true, false])('one that closes at once is alive if all places are taken (%s)', async (isFull) => {
  await using closing = createServer((socket) => {
    socket.on('error', () => undefined).destroy();
  });
  const dog = watchdog(await listening(closing), 20, { isFull });
  if (isFull) await dog.fed();
  else await dog.warned();
  expect(dog.pet).toHaveBeenCalledTimes(isFull ? 1 : 0);
});

test.each([true, false])('one whose socket another program has removed is alive (%s)', async (isSocketLost) => {
  const dog = watchdog(join(temporaryFolder(), 'removed.sock'), 20, { isSocketLost });
  if (isSocketLost) await dog.fed();
  else await dog.warned();
  expect(dog.pet).toHaveBeenCalledTimes(isSocketLost ? 1 : 0);
});
