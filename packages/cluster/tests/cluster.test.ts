/** One host on a store in memory, where what matters is the order in which things come. */
import type { TokenSet } from '@token-relay/tokens';
import { expect, onTestFinished, test } from 'vitest';
import { Cluster } from '../src/cluster.ts';
import { MemoryHub } from '../src/memory-store.ts';
import { TIMES } from './model/host-process.ts';
import { LAST_KEY_STEP, ringAt } from './model/keys.ts';
import { VirtualClock } from './model/virtual-clock.ts';

const { leaseLifeMs, requestMs } = TIMES;
const tokenSet: TokenSet = {
  ...{ accessToken: 'access-1', refreshToken: 'refresh-1', loginAtMs: 1_000, origin: { host: 'a', revision: 1 } },
};

function startHost(hub: MemoryHub, clock: VirtualClock, held: TokenSet | undefined = tokenSet, host = 'a') {
  const stop = new AbortController();
  onTestFinished(() => stop.abort());
  const tokens = { held };
  const keys = { step: 0 };
  const link = hub.store();
  const warnings: string[] = [];
  const late = { ms: -1 };
  const cluster = new Cluster({
    ...{ host, instance: `${host}1`, whenIsolated: 'leader', store: link, nowMs: clock.nowMs, bootMs: clock.nowMs },
    random: () => 0.5,
    ring: () => ringAt(keys.step),
    pause: (ms, signal) => clock.sleepOr(ms, signal),
    requestMs: () => requestMs,
    overdueMs: () => late.ms,
    tokens: {
      get: () => tokens.held,
      take: (next, insteadOf) => {
        if (tokens.held !== insteadOf) return Promise.resolve(false);
        tokens.held = next;
        return Promise.resolve(true);
      },
    },
    about: () => ({ version: 'model', state: 'healthy' }),
    onChange: () => undefined,
    log: { debug: () => undefined, warn: (message) => warnings.push(message) },
  });
  void cluster.run(stop.signal);
  return { cluster, link, tokens, keys, warnings, late };
}

const run = (clock: VirtualClock, ms: number) => clock.runUntil(clock.nowMs() + ms, () => undefined);
const foreign = new TextEncoder().encode('somebody else’s');

test('who loses the store while looking at it for the first time knows that it is away, and goes on alone', async () => {
  const clock = new VirtualClock();
  const hub = new MemoryHub({ leaseLifeMs, nowMs: clock.nowMs, hop: () => clock.sleep(10) });
  const { cluster, link } = startHost(hub, clock);
  await run(clock, 15);
  link.cut(true);
  await run(clock, 1_000);
  expect(cluster.role()).toBe('alone');
  expect(await cluster.mayRefresh()).toBe(true);
});

test('a store that answers nothing, and has not said that it is away, is asked for the lease once a second', async () => {
  const clock = new VirtualClock();
  const hub = new MemoryHub({ leaseLifeMs, nowMs: clock.nowMs });
  const { link } = startHost(hub, clock);
  let asked = 0;
  link.holdLease = () => {
    asked += 1;
    return Promise.resolve({ kind: 'away', reason: 'made up' });
  };
  await run(clock, 5_500);
  expect(asked).toBe(6);
});

test('a leader believes in its lease from before it asked for it, however late the answer comes', async () => {
  const clock = new VirtualClock();
  const hub = new MemoryHub({ leaseLifeMs, nowMs: clock.nowMs, hop: () => clock.sleep(5_000) });
  const { cluster, link } = startHost(hub, clock);
  // Two reads of ten seconds come first; then it asks, and hears of it ten seconds later.
  await run(clock, 30_000);
  expect(cluster.role()).toBe('leader');
  link.cut(true);
  await run(clock, leaseLifeMs - 10_001);
  expect(cluster.role()).toBe('leader');
  await run(clock, 1);
  expect(cluster.role()).toBe('alone');
  expect(hub.lease()).toBeDefined();
});

test('a leader whose lease could end before the answer of Schwab does not ask if it cannot keep it first', async () => {
  const clock = new VirtualClock();
  const hub = new MemoryHub({ leaseLifeMs, nowMs: clock.nowMs });
  const { cluster, link } = startHost(hub, clock);
  await run(clock, 0);
  link.cut(true);
  await run(clock, leaseLifeMs - requestMs - 1);
  expect([cluster.role(), await cluster.mayRefresh()]).toEqual(['leader', true]);
  await run(clock, 1);
  expect([cluster.role(), await cluster.mayRefresh()]).toEqual(['leader', false]);
});

test('a leader that cannot read what is in the store gives up the lease at once, and goes on as a single machine', async () => {
  const clock = new VirtualClock();
  const hub = new MemoryHub({ leaseLifeMs, nowMs: clock.nowMs });
  const { cluster } = startHost(hub, clock);
  await run(clock, 1_000);
  expect(cluster.role()).toBe('leader');
  hub.writeTokens(foreign, hub.tokens()?.sequence ?? 0);
  await run(clock, 1_000);
  expect(cluster.role()).toBe('single');
  expect(hub.lease()).toBeUndefined();
  expect(hub.tokens()?.value).toBe(foreign);
});

test('a host that could not read what was in the store comes back when that is gone, though the numbers begin anew', async () => {
  const clock = new VirtualClock();
  const hub = new MemoryHub({ leaseLifeMs, nowMs: clock.nowMs });
  for (let number = 1; number < 50; number += 1) hub.writeHost('b', foreign);
  hub.writeTokens(foreign, 0);
  const { cluster } = startHost(hub, clock);
  await run(clock, 1_000);
  expect(cluster.role()).toBe('single');
  hub.wipe();
  await run(clock, 61_000);
  expect(cluster.role()).toBe('leader');
  expect(hub.tokens()).toBeDefined();
});

test('what is written over is read first: a store that was emptied and filled again may have the same numbers', async () => {
  const clock = new VirtualClock();
  const hub = new MemoryHub({ leaseLifeMs, nowMs: clock.nowMs });
  const { cluster, tokens } = startHost(hub, clock);
  await run(clock, 1_000);
  const sequence = hub.tokens()?.sequence ?? 0;
  const sealed = hub.tokens()?.value;
  hub.wipe();
  for (let number = 1; number < sequence; number += 1) hub.writeHost('b', foreign);
  hub.writeTokens(foreign, 0);
  expect(hub.tokens()?.sequence).toBe(sequence);
  tokens.held = { ...tokenSet, accessToken: 'access-2', origin: { host: 'a', revision: 2 } };
  cluster.offer();
  await run(clock, 1_000);
  expect(sealed).toBeDefined();
  expect(hub.tokens()?.value).toBe(foreign);
});

const isSealedAnew = (hub: MemoryHub) =>
  ringAt(LAST_KEY_STEP).open(new TextDecoder().decode(hub.tokens()?.value)).kind === 'opened';

test('a leader whose key is changed seals anew what is in the store, so that the old key can be left out', async () => {
  const clock = new VirtualClock();
  const hub = new MemoryHub({ leaseLifeMs, nowMs: clock.nowMs });
  const { cluster, keys } = startHost(hub, clock);
  await run(clock, 1_000);
  expect(isSealedAnew(hub)).toBe(false);
  keys.step = 2;
  void cluster.keysChanged();
  await run(clock, 1_000);
  expect(isSealedAnew(hub)).toBe(true);
});

test('so it does with what was on its way when the key was changed', async () => {
  const clock = new VirtualClock();
  const hub = new MemoryHub({ leaseLifeMs, nowMs: clock.nowMs, hop: () => clock.sleep(100) });
  const { cluster, keys, tokens, link } = startHost(hub, clock);
  await run(clock, 5_000);
  // What it writes, it hears of by the answer.
  link.tell = () => undefined;
  tokens.held = { ...tokenSet, accessToken: 'access-2', origin: { host: 'a', revision: 2 } };
  cluster.offer();
  // It reads for 200 ms, and then writes.
  await run(clock, 250);
  keys.step = 2;
  void cluster.keysChanged();
  await run(clock, 5_000);
  expect(isSealedAnew(hub)).toBe(true);
});

test('a token set that is too large for the others is not published, which is said once', async () => {
  const clock = new VirtualClock();
  const hub = new MemoryHub({ leaseLifeMs, nowMs: clock.nowMs });
  const { cluster, warnings } = startHost(hub, clock, {
    ...tokenSet,
    otherMembers: { file: { notes: 'x'.repeat(300_000) }, token: {} },
  });
  await run(clock, 200_000);
  expect(cluster.role()).toBe('leader');
  expect(hub.tokens()).toBeUndefined();
  expect(warnings).toEqual([expect.stringMatching(/not published.*over 256 KiB/)]);
});

test('a change of the key is over when that is done: the old one may be left out at once, before the hosts are told', async () => {
  const clock = new VirtualClock();
  const hub = new MemoryHub({ leaseLifeMs, nowMs: clock.nowMs, hop: () => clock.sleep(100) });
  const leader = startHost(hub, clock);
  await run(clock, 5_000);
  const follower = startHost(hub, clock, tokenSet, 'b');
  await run(clock, 5_000);
  expect([leader.cluster.role(), follower.cluster.role()]).toEqual(['leader', 'follower']);
  for (const { link } of [leader, follower]) link.tell = () => undefined;
  for (const step of [1, 2, LAST_KEY_STEP]) {
    for (const { cluster, keys } of [leader, follower]) {
      keys.step = step;
      const done: number[] = [];
      void cluster.keysChanged().then(() => done.push(step));
      while (done.length === 0) await run(clock, 10);
      expect(cluster.report()?.problem).toBeUndefined();
    }
  }
  expect([leader.cluster.role(), follower.cluster.role()]).toEqual(['leader', 'follower']);
});

test('a token that should have been refreshed by now is looked for sooner than once a minute: the watch may be silent', async () => {
  for (const [lateMs, withinMs] of [
    [-1, 61_000],
    [3_000, leaseLifeMs / 2 + 1_000],
  ] as const) {
    const clock = new VirtualClock();
    const hub = new MemoryHub({ leaseLifeMs, nowMs: clock.nowMs });
    const leader = startHost(hub, clock);
    await run(clock, 1_000);
    const follower = startHost(hub, clock, tokenSet, 'b');
    await run(clock, 1_000);
    expect(follower.cluster.role()).toBe('follower');
    const reads = countReads(follower.link);
    const tell = follower.link.tell.bind(follower.link);
    // Only of the tokens it is told nothing.
    follower.link.tell = (event) => {
      if (event.kind !== 'tokens') tell(event);
    };
    follower.late.ms = lateMs;
    const next: TokenSet = { ...tokenSet, accessToken: 'access-2', origin: { host: 'a', revision: 2 } };
    leader.tokens.held = next;
    leader.cluster.offer();
    await run(clock, withinMs);
    expect(follower.tokens.held.accessToken).toBe('access-2');
    expect(reads()).toBeLessThanOrEqual(lateMs < 0 ? 1 : withinMs / 5_000);
  }
});

/** How often it was read what the store holds. */
function countReads(link: ReturnType<MemoryHub['store']>): () => number {
  let count = 0;
  const readTokens = link.readTokens.bind(link);
  link.readTokens = () => {
    count += 1;
    return readTokens();
  };
  return () => count;
}
