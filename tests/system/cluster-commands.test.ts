/** `cluster status` and `cluster step-down`, where they have to wait, or to say that there is nothing to tell yet. */
import { once } from 'node:events';
import { createServer, type AddressInfo } from 'node:net';
import { expect, test } from 'vitest';
import { Joining } from './cluster-joining.ts';
import { NatsServer } from './nats-servers.ts';
import { Bench, type Finished } from './processes.ts';

function command(bench: Bench, name: 'status' | 'step-down', ...flags: string[]): Promise<Finished> {
  const socket = `--control-socket-path=${bench.path('control.sock')}`;
  return bench.start('token-refresh-sender', ['cluster', name, socket, ...flags]).finished;
}

test('While no server has answered yet, that is what they say', async () => {
  const silent = createServer();
  await once(silent.listen(0, '127.0.0.1'), 'listening');
  await using host = await Joining.make((silent.address() as AddressInfo).port);
  await host.start();
  await host.sender.line(/Cluster: joining as alpha/);
  for (const name of ['status', 'step-down'] as const) {
    await expect
      .poll(() => command(host.bench, name), { timeout: 10_000 })
      .toMatchObject({ code: 75, stderr: 'error: No server has answered yet: try again in a moment.\n' });
  }
  silent.close();
});

test('On a single machine they say that there is no cluster', async () => {
  await using bench = await Bench.make();
  const sender = bench.sender();
  await sender.line(/started/);
  const { code, stderr } = await command(bench, 'status');
  expect([code, stderr]).toEqual([1, 'error: sender.yaml has no "cluster:"; see docs/cluster.md.\n']);
});

test('A leader that waits for Schwab steps down when that is over, however long it takes', async () => {
  await using server = await NatsServer.start();
  await using host = await Joining.make(server.port);
  await host.start([], { besides: ['http_timeout: 12s'] });
  await host.sender.line(/this host leads/);
  host.bench.sandbox.addFault({ kind: 'hang' });
  const refresh = host.bench.senderCommand('refresh', '--http-timeout=12s');
  await expect.poll(() => host.bench.sandbox.requests.length).toBe(1);
  const { code, stdout, stderr } = await command(host.bench, 'step-down', '--http-timeout=12s');
  expect([code, stderr]).toEqual([0, '']);
  expect(stdout).toMatch(/^Stepped down: another host leads within a tenth of a lease/);
  expect((await refresh).code).toBe(75);
});
