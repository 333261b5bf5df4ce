/**
 * Followers without a daemon around them: each has a connection, the keys and a place in the cluster, as a sender has, and
 * holds its token in memory. Says `ready` when all of them hold one; then, for each token, when each of them had it, µs.
 * followers-process.ts ADDRESSES(comma-separated) BUCKET COUNT KEY_FILE
 */
import { Cluster, keyRing } from '@token-relay/cluster';
import { NatsStore } from '@token-relay/cluster/nats';
import { readEncryptionKey, type TokenSet } from '@token-relay/tokens';
import { setTimeout as sleep } from 'node:timers/promises';
import { nowUs } from '../load/deliver.ts';

const [addresses = '', bucket = '', count = '', keyFile = ''] = process.argv.slice(2);
const followers = Number(count);
const ring = keyRing([await readEncryptionKey(keyFile)]);
/** By revision. */
const arrivals = new Map<number, number[]>();
let holding = 0;

const stop = new AbortController();
process.once('SIGTERM', () => stop.abort());
await Promise.all(Array.from({ length: followers }, (_, index) => follow(`follower-${index}`)));

async function follow(host: string): Promise<void> {
  let held: TokenSet | undefined;
  const pause = (ms: number, signal: AbortSignal) => sleep(ms, undefined, { signal }).catch(() => undefined);
  const common = { host, bootMs: () => performance.now(), random: Math.random, pause };
  const servers = addresses.split(',');
  // The buckets are there: how they are made says nothing here.
  const store = new NatsStore({
    ...common,
    ...{
      servers,
      bucket,
      replicas: servers.length,
      leaseLifeMs: 45_000,
      access: () => ({ tls: undefined, login: undefined }),
    },
  });
  const cluster = new Cluster({
    ...common,
    store,
    instance: host,
    whenIsolated: 'wait',
    nowMs: Date.now,
    ring: () => ring,
    requestMs: () => 1_000,
    about: () => ({ version: 'bench', state: 'healthy' }),
    tokens: {
      get: () => held,
      take: (tokenSet, before) => {
        if (held !== before) return Promise.resolve(false);
        held = tokenSet;
        if (before?.accessToken !== tokenSet.accessToken) arrived(before, tokenSet);
        cluster.offer();
        return Promise.resolve(true);
      },
    },
    log: { debug: () => undefined, warn: () => undefined },
    onChange: () => undefined,
  });
  await cluster.run(stop.signal);
}

/** Who was not told of one token, because the next was there, has it with that. */
function arrived(before: TokenSet | undefined, now: TokenSet): void {
  const revision = now.origin?.revision ?? 0;
  if (before === undefined) {
    holding += 1;
    if (holding === followers) process.stdout.write('ready\n');
    return;
  }
  for (let held = (before.origin?.revision ?? 0) + 1; held <= revision; held += 1) {
    const times = arrivals.get(held) ?? [];
    arrivals.set(held, times);
    times.push(nowUs());
    if (times.length < followers) continue;
    process.stdout.write(`${times.join(' ')}\n`);
    arrivals.delete(held);
  }
}
