import { expect, test } from 'vitest';
import { Cluster, keyRing, MemoryHub } from './index.ts';
import { HostBoard } from './host-board.ts';

const LIFE_MS = 45_000;

function boardOf() {
  const said: number[] = [];
  const now = { ms: 1_000 };
  const hub = new MemoryHub({ leaseLifeMs: LIFE_MS, nowMs: () => now.ms });
  const store = hub.store();
  const beHere = store.beHere.bind(store);
  store.beHere = (host, value) => {
    said.push(now.ms);
    return beHere(host, value);
  };
  const board = new HostBoard({ store, nowMs: () => now.ms, bootMs: () => now.ms });
  const about = { host: 'one', version: 'test', role: 'follower', state: 'healthy', issuedAtMs: 1 } as const;
  return { board, said, now, about };
}

test('a host says that it is there twice in the life of what it says, and not in between', () => {
  const { board, said, now, about } = boardOf();
  const dueAtMs = board.say(() => about, LIFE_MS);
  expect(dueAtMs).toBe(1_000 + LIFE_MS / 2);
  now.ms = dueAtMs - 1;
  expect(board.say(() => about, LIFE_MS)).toBe(dueAtMs);
  now.ms = dueAtMs;
  board.say(() => about, LIFE_MS);
  expect(said).toEqual([1_000, dueAtMs]);
});

test('what a host says of itself is said at once when it has changed', () => {
  const { board, said, now, about } = boardOf();
  board.say(() => about, LIFE_MS);
  now.ms += 1;
  board.say(() => ({ ...about, revision: 2 }), LIFE_MS);
  expect(said).toEqual([1_000, 1_001]);
});

test('a host says that it is there as soon as it is connected again, to a store that may have lost it', async () => {
  const hub = new MemoryHub({ leaseLifeMs: LIFE_MS, nowMs: () => performance.now() });
  const store = hub.store();
  const stop = new AbortController();
  const cluster = new Cluster({
    ...{ host: 'one', instance: 'first', whenIsolated: 'leader', store, random: Math.random },
    ring: () => keyRing([new Uint8Array(32)]),
    nowMs: Date.now,
    bootMs: () => performance.now(),
    // Nothing happens because time passes.
    pause: (_ms, signal) =>
      new Promise((resolve) => {
        if (signal.aborted) resolve(undefined);
        signal.addEventListener('abort', resolve);
      }),
    requestMs: () => 1_000,
    tokens: { get: () => undefined, take: () => Promise.resolve(true) },
    about: () => ({ version: 'test', state: 'healthy' }),
    log: { debug: () => undefined, warn: () => undefined },
    onChange: () => undefined,
  });
  const running = cluster.run(stop.signal);
  await expect.poll(() => [cluster.role(), hub.living().length], { timeout: 10_000 }).toEqual(['leader', 1]);
  store.cut(true);
  hub.wipe();
  store.cut(false);
  await expect.poll(() => hub.living().length, { timeout: 10_000 }).toBe(1);
  stop.abort();
  await running;
});
