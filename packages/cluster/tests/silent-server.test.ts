/** A server that is there and answers nothing: frozen, or behind a link that swallows everything. */
import { Cluster, keyRing } from '@token-relay/cluster';
import { NatsStore } from '@token-relay/cluster/nats';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer, type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { expect, onTestFinished, test } from 'vitest';

test('a server that falls silent is found by the requests of the presence, sooner than by pings', async () => {
  const { server, address } = await startServer();
  const stop = new AbortController();
  const pause = (ms: number, signal: AbortSignal) => sleep(ms, undefined, { signal }).catch(() => undefined);
  const common = { host: 'one', bootMs: () => performance.now(), random: Math.random, pause };
  const store = new NatsStore({
    ...common,
    ...{
      servers: [address],
      bucket: 'silent',
      replicas: 1,
      leaseLifeMs: 3_000,
      access: () => ({ tls: undefined, login: undefined }),
    },
  });
  const cluster = new Cluster({
    ...common,
    ...{ instance: 'first', whenIsolated: 'leader', store, nowMs: Date.now, requestMs: () => 1_000 },
    ring: () => keyRing([new Uint8Array(32)]),
    tokens: { get: () => undefined, take: () => Promise.resolve(true) },
    about: () => ({ version: 'test', state: 'healthy' }),
    log: { debug: () => undefined, warn: () => undefined },
    onChange: () => undefined,
  });
  const running = cluster.run(stop.signal);
  onTestFinished(async () => {
    server.kill('SIGCONT');
    stop.abort();
    await running;
  });
  await expect.poll(() => cluster.role(), { timeout: 20_000 }).toBe('leader');
  server.kill('SIGSTOP');
  await expect.poll(() => cluster.report()?.problem, { timeout: 25_000 }).toContain('did not answer in time');
  expect(cluster.role()).toBe('alone');
  server.kill('SIGCONT');
  await expect.poll(() => cluster.role(), { timeout: 25_000 }).toBe('leader');
}, 90_000);

async function startServer() {
  const folder = mkdtempSync(join(tmpdir(), 'silent-server-'));
  const port = await freePort();
  const server = spawn(
    'nats-server',
    ['--addr', '127.0.0.1', '--port', String(port), '--jetstream', '--store_dir', folder],
    {
      stdio: ['ignore', 'ignore', 'pipe'],
    },
  );
  onTestFinished(async () => {
    const gone = once(server, 'exit');
    server.kill('SIGCONT');
    server.kill('SIGKILL');
    await gone;
    rmSync(folder, { recursive: true, force: true });
  });
  server.stderr.resume();
  return { server, address: `127.0.0.1:${port}` };
}

async function freePort(): Promise<number> {
  const holder = createServer();
  await once(holder.listen(0, '127.0.0.1'), 'listening');
  const { port } = holder.address() as AddressInfo;
  await once(holder.close(), 'close');
  return port;
}
