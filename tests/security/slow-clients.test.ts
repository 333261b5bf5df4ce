/** Slow, silent and very many clients, on every socket of both daemons: others are served meanwhile, and nothing stays. */
import { readdirSync, readFileSync } from 'node:fs';
import type { Socket } from 'node:net';
import { afterAll, afterEach, beforeAll, describe, expect, test, vi } from 'vitest';
import { Bench, type Program } from '../system/processes.ts';
import { freePort } from '../../apps/sender/tests/free-port.ts';
import { deliver, guardedPair, type GuardedPair, type Interface } from './guarded-pair.ts';
import { exchange, open, statuses, type Place } from './raw-http.ts';

/** On each socket: more than any of them takes, but for api.sock, which has room for 8192. */
const MANY = 700;
const BUSY = 150;
/** How long whoever asks properly may have to ask again. */
const PATIENCE = { timeout: 30_000, interval: 50 };
/** What a crowd may leave in a daemon's memory: V8 keeps some of what it had for a while. */
const MEMORY_LEFT_BYTES = 64 * 1024 ** 2;

let bench: Bench;
let pair: GuardedPair;
const crowd = new Set<Socket>();

beforeAll(async () => {
  bench = await Bench.make();
  pair = await guardedPair(bench, await freePort());
});
afterAll(() => bench[Symbol.asyncDispose]());
afterEach(() => {
  for (const socket of crowd) socket.destroy();
  crowd.clear();
});

/** To TLS, they do not even begin to speak it. */
function join(place: Place): Socket {
  const socket = open({ ...place, isTls: false });
  crowd.add(socket);
  return socket.on('close', () => crowd.delete(socket));
}

const descriptors = ({ child }: Program): number => readdirSync(`/proc/${child.pid ?? 0}/fd`).length;
const memoryBytes = ({ child }: Program): number =>
  Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${child.pid ?? 0}/status`, 'utf8'))?.[1]) * 1024;

/** Each interface, and how to be served by it. */
function services(): readonly {
  readonly name: string;
  readonly place: Place;
  readonly isServed: () => Promise<boolean>;
}[] {
  const asked = ({ path, host }: Interface) => `GET ${path} HTTP/1.1\r\nHost: ${host}\r\nConnection: close\r\n\r\n`;
  return [
    {
      name: 'token.sock',
      place: pair.tokenSocket,
      isServed: async () => (await deliver(pair.tokenSocket, 'made-up-token-of-the-crowd')) === 'OK',
    },
    {
      name: 'credential.sock',
      place: pair.credentialSocket,
      isServed: async () => (await exchange(pair.credentialSocket, '')).text.length > 10,
    },
    ...pair.http.map((to) => ({
      name: to.name,
      place: to,
      // The callback knows no page but those that a redirect leads to.
      isServed: async () => statuses(await exchange(to, asked(to)))[0] === (to.isTls === true ? 404 : 200),
    })),
  ];
}

type Crowd = (place: Place, signal: AbortSignal) => void;

const crowds: readonly (readonly [string, number, Crowd])[] = [
  ['that say nothing', MANY, (place) => void join(place)],
  ['that close their half at once', MANY, (place) => void join(place).end()],
  [
    'that send a byte at a time',
    BUSY,
    (place, signal) => {
      const socket = join(place);
      const timer = setInterval(() => socket.write('G'), 100);
      const stop = () => clearInterval(timer);
      socket.on('close', stop);
      signal.addEventListener('abort', stop);
    },
  ],
  [
    'whose header fields do not end',
    BUSY,
    (place, signal) => {
      const socket = join(place);
      socket.write('GET / HTTP/1.1\r\n');
      const timer = setInterval(() => socket.write('X-A: a\r\n'), 20);
      const stop = () => clearInterval(timer);
      socket.on('close', stop);
      signal.addEventListener('abort', stop);
    },
  ],
  [
    'that say nothing, and come again when they are sent away',
    MANY / 2,
    (place, signal) => {
      const come = (): void => {
        if (!signal.aborted)
          join(place)
            .resume()
            .on('close', () => setImmediate(come));
      };
      come();
    },
  ],
  [
    'that come again as soon as they are gone',
    BUSY,
    (place, signal) => {
      const come = (): void => {
        if (signal.aborted) return;
        const socket = join(place);
        socket.on('connect', () => {
          if (place.unix === undefined) socket.resetAndDestroy();
          else socket.destroy();
        });
        socket.on('close', () => setImmediate(come));
      };
      come();
    },
  ],
];

describe.each(crowds)('clients %s, on every socket at once', (_what, count, behave) => {
  test('keep nobody else from being served, and leave nothing', async () => {
    const daemons = [pair.receiver, pair.sender];
    const before = daemons.map((daemon) => ({ descriptors: descriptors(daemon), memoryBytes: memoryBytes(daemon) }));
    const stop = new AbortController();
    for (const { place } of services()) {
      for (let index = 0; index < count; index += 1) behave(place, stop.signal);
    }
    await everyoneIsServed();
    stop.abort();
    for (const socket of crowd) socket.destroy();
    await everyoneIsServed();
    for (const [index, daemon] of daemons.entries()) {
      const { descriptors: had = 0, memoryBytes: used = 0 } = before[index] ?? {};
      await vi.waitUntil(() => descriptors(daemon) <= had + 4, PATIENCE);
      expect(memoryBytes(daemon) - used).toBeLessThan(MEMORY_LEFT_BYTES);
    }
  });
});

test('clients whose body never comes keep nobody out while they are there', async () => {
  const waiting = pair.http
    .filter(({ isTls }) => isTls !== true)
    .flatMap((to) => Array.from({ length: MANY / 2 }, () => to));
  const said = await Promise.all(
    waiting.map(async (to) => {
      const answer = { text: '' };
      const read = Promise.withResolvers<undefined>();
      const socket = join(to).on('close', () => read.resolve(undefined));
      socket.on('data', (chunk: Buffer) => {
        answer.text += chunk.toString();
        read.resolve(undefined);
      });
      // 100 says that the head was read.
      const type = 'Content-Type: application/x-www-form-urlencoded\r\nExpect: 100-continue\r\n';
      // A program sends no origin, a page does.
      const origin = to.name === 'web page' ? `Origin: http://${to.host}\r\n` : '';
      socket.write(`POST ${to.post} HTTP/1.1\r\nHost: ${to.host}\r\n${type}${origin}Content-Length: 9\r\n\r\n`);
      await read.promise;
      return answer;
    }),
  );
  await everyoneIsServed();
  expect(said.filter(({ text }) => text.includes('408'))).toEqual([]);
});

async function everyoneIsServed(): Promise<void> {
  await Promise.all(
    services().map(async ({ name, isServed }) => {
      await vi.waitUntil(isServed, PATIENCE).catch(() => expect.fail(`${name}: nobody was served`));
    }),
  );
}
