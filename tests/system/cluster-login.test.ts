/** What hosts of a cluster say of a login that they share, and of one that they have not heard of yet. */
import { once } from 'node:events';
import { readFile, rm } from 'node:fs/promises';
import { createServer, type AddressInfo } from 'node:net';
import { expect, test, vi } from 'vitest';
import { KEY } from './cluster-joining.ts';
import { NatsServer, Road } from './nats-servers.ts';
import { Bench, type Program } from './processes.ts';

/** Each look is a process. */
const PATIENCE = { timeout: 60_000, interval: 1_000 };

/** A sender of its own user, which notes each run of its hook. */
class Host {
  readonly bench: Bench;
  readonly sender: Program;

  private constructor(bench: Bench) {
    this.bench = bench;
    this.sender = bench.sender(`--config=${bench.path('sender.yaml')}`);
  }

  /** @param hasLogin whether there is a token file */
  static async start(host: string, server: string, hasLogin: boolean): Promise<Host> {
    const bench = await Bench.make();
    if (!hasLogin) await rm(bench.tokenFile);
    await bench.write('cluster.key', `${KEY}\n`, 0o600);
    const hooks = { login_required: ['sh', '-c', `cat >> ${bench.path('told')}`] };
    const cluster = { servers: [server], host, keys: ['cluster.key'] };
    await bench.write('sender.yaml', JSON.stringify({ cluster, hooks }));
    return new Host(bench);
  }

  async status(): Promise<Record<string, unknown>> {
    const { stdout } = await this.bench.senderCommand('status', '--json');
    return JSON.parse(stdout) as Record<string, unknown>;
  }

  /** What its hook was told. */
  told(): Promise<string> {
    return readFile(this.bench.path('told'), 'utf8').catch(() => '');
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.bench[Symbol.asyncDispose]();
  }
}

/** Takes connections, and never says a word. */
async function silentServer() {
  const server = createServer((socket) => socket.on('error', () => undefined).resume());
  await once(server.listen(0, '127.0.0.1'), 'listening');
  return { port: (server.address() as AddressInfo).port, [Symbol.dispose]: () => void server.close() };
}

test('a host without a token whose store is slow raises no alarm, warns whoever logs in there, and has the token when the store is there', async () => {
  await using server = await NatsServer.start();
  using silent = await silentServer();
  await using alpha = await Host.start('alpha', `127.0.0.1:${server.port}`, true);
  await alpha.sender.line(/this host leads/);
  await using road = await Road.to(silent.port);
  await using beta = await Host.start('beta', road.address, false);
  await beta.sender.line(
    /WARN: No token yet: .*; waiting for the cluster's store, which is not reached yet\. A login here would end the one/,
  );
  expect(await beta.status()).toMatchObject({ state: 'waiting' });
  const login = await beta.bench.senderCommand('login', '--no-browser');
  expect(login.stdout).toMatch(
    /^WARNING: The cluster's store is away\. A new login ends the one that the other hosts have, and they hear of it only/,
  );
  road.lead(server.port);
  await beta.sender.line(/INFO: Tokens taken over from alpha, through the cluster's store, revision \d+$/);
  await vi.waitFor(async () => expect(await beta.status()).toMatchObject({ state: 'healthy' }), PATIENCE);
  expect(beta.sender.count(/ERROR/)).toBe(0);
  expect(await beta.told()).toBe('');
});

test('a login that the leader misses is missed on every host: it is said and told to the hook once, and a login on any host ends it', async () => {
  await using server = await NatsServer.start();
  const address = `127.0.0.1:${server.port}`;
  await using alpha = await Host.start('alpha', address, false);
  await alpha.sender.line(/ERROR: Login required/);
  await using beta = await Host.start('beta', address, false);
  await beta.sender.line(/alpha leads, and refreshes/);
  const says =
    'alpha, which leads the cluster, says that a login is required; one that is made on any host is everybody';
  await vi.waitFor(async () => {
    expect(await beta.status()).toMatchObject({
      state: 'login_required',
      problem: expect.stringContaining(says) as string,
    });
    expect(await beta.told()).toContain(`Login required: ${says}`);
  }, PATIENCE);
  expect(beta.sender.lines.filter((line) => line.includes('ERROR'))).toEqual([
    expect.stringContaining(`Login required: ${says}`),
  ]);
  await beta.bench.writeTokenFile(beta.bench.sandbox.tokenFileText());
  await alpha.sender.line(/Tokens taken over from beta/);
  for (const host of [alpha, beta]) {
    await vi.waitFor(async () => expect(await host.status()).toMatchObject({ state: 'healthy' }), PATIENCE);
    expect((await host.told()).match(/Login required/g)).toHaveLength(1);
  }
});
