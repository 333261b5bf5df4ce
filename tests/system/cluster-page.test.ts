/** docs/cluster.md does what it says: its commands, its server's file and its settings make a cluster. */
import { createUser } from '@nats-io/nkeys';
import { NatsStore } from '@token-relay/cluster/nats';
import { readFile } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { block, KEY_FILES, ThreeHosts } from './cluster-page.ts';
import { NatsServer, withJetStream } from './nats-servers.ts';
import type { Bench } from './processes.ts';

const RIGHTS = [...(/publish \{(.*?)\}/s.exec(block('conf'))?.[1] ?? '').matchAll(/"([^"]+)"/g)].map(
  ([, subject = '']) => subject,
);

/** What goes wrong, of all that a sender does, with these rights. */
async function faultsWith(rights: readonly string[]): Promise<readonly string[]> {
  const pair = createUser();
  const user = `{ nkey: ${pair.getPublicKey()}, permissions: { publish: { allow: ${JSON.stringify(rights)} }, subscribe: { allow: ["_INBOX.>"] } } }`;
  await using server = await NatsServer.start(
    (folder) => `${withJetStream(folder)}accounts { RELAY { jetstream: enabled, users: [${user}] } }\n`,
  );
  const faults: string[] = [];
  const { promise: isDecided, resolve: decide } = Promise.withResolvers<undefined>();
  const stop = new AbortController();
  const store = new NatsStore({
    ...{
      servers: [`127.0.0.1:${server.port}`],
      host: 'alpha',
      bucket: 'token_relay',
      replicas: 1,
      leaseLifeMs: 60_000,
    },
    access: () => ({ tls: undefined, login: { kind: 'nkey', seed: pair.getSeed() } }),
    bootMs: () => performance.now(),
    random: () => 0.5,
    pause: (ms, signal) => sleep(ms, undefined, { signal }).catch(() => undefined),
  });
  const following = store.follow((event) => {
    if (event.kind === 'away' || event.kind === 'unusable') faults.push(event.reason);
    decide(undefined);
  }, stop.signal);
  await isDecided;
  const value = new TextEncoder().encode('{}');
  const lease = await store.holdLease(value, undefined);
  await store.publish(value, 0);
  await store.beHere('alpha', value);
  for (const outcome of [await store.readTokens(), await store.readLease(), await store.hosts()]) {
    if (outcome.kind !== 'read') faults.push(outcome.kind);
  }
  if (lease.kind === 'written') await store.releaseLease(lease.sequence);
  stop.abort();
  await following;
  return faults;
}

test('the rights in it are enough for all that a sender does', async () => {
  expect(RIGHTS.length).toBeGreaterThan(5);
  expect(await faultsWith(RIGHTS)).toEqual([]);
});

// Flow control and watches that are made anew come too seldom for a test.
const SELDOM = /CONSUMER\.DELETE|^\$JS\.FC/;

test.each(RIGHTS.filter((right) => !SELDOM.test(right)))('each is needed: %s', async (right) => {
  expect(await faultsWith(RIGHTS.filter((other) => other !== right))).not.toEqual([]);
});

async function clusterStatus(bench: Bench): Promise<string> {
  const control = `--control-socket-path=${bench.path('control.sock')}`;
  return (await bench.start('token-refresh-sender', ['cluster', 'status', control]).finished).stdout;
}

test('its commands, its servers’ file and its settings: three servers, and two senders that share the login', async () => {
  await using hosts = await ThreeHosts.make();
  const alpha = await hosts.sender('alpha');
  await alpha.program.line(/this host leads, and refreshes for all/);
  const beta = await hosts.sender('beta');
  await beta.program.line(/alpha leads, and refreshes/);
  const hostsOfBeta = async () =>
    (await clusterStatus(beta.bench))
      .replaceAll(/token of .*? ago/g, 'token of … ago')
      .split('\n')
      .map((line) => line.trim());
  await expect
    .poll(hostsOfBeta, { timeout: 20_000 })
    .toEqual([
      'beta: follows; alpha leads',
      'alpha, leader, healthy, token of … ago, revision 1',
      'beta, follower, healthy, token of … ago, revision 1',
      expect.stringMatching(/^sealed with the key [0-9a-f]{8}$/),
      '',
    ]);
  const [ours, theirs] = [await alpha.bench.tokens(), await beta.bench.tokens()];
  expect(theirs.token['access_token']).toBe(ours.token['access_token']);
});

test('its three steps change the key, and no host is ever without what it can open', async () => {
  await using hosts = await ThreeHosts.make();
  const alpha = await hosts.sender('alpha');
  await alpha.program.line(/this host leads, and refreshes for all/);
  const beta = await hosts.sender('beta');
  await beta.program.line(/alpha leads, and refreshes/);
  for (const { program } of [alpha, beta]) await program.line(/ started; control socket /);
  const sealedWith = async () => /sealed with .*/.exec(await clusterStatus(beta.bench))?.[0];
  await expect.poll(sealedWith).toBeDefined();
  const before = await sealedWith();
  const [old, fresh] = [(await readFile(alpha.bench.path('cluster.key'), 'utf8')).trim(), 'c3'.repeat(32)];
  for (const [step, keys] of [
    [old, fresh],
    [fresh, old],
    [fresh, fresh],
  ].entries()) {
    for (const { bench, program } of [alpha, beta]) {
      for (const [index, name] of KEY_FILES.entries()) await bench.write(name, `${keys[index] ?? ''}\n`, 0o600);
      program.signal('SIGHUP');
      await program.until('the reload', () => (program.count(/Configuration read again/) > step ? true : undefined));
    }
    // As the page says before the third step.
    if (step === 1) await expect.poll(sealedWith, { timeout: 20_000 }).not.toBe(before);
  }
  // Nothing was refreshed meanwhile: it is sealed anew, or who has the new key alone could not open it.
  const gamma = await hosts.sender('gamma', fresh);
  await gamma.program.line(/alpha leads, and refreshes/);
  const held = async ({ bench }: typeof gamma) => (await bench.tokens().catch(() => undefined))?.token['access_token'];
  await expect.poll(() => held(gamma), { timeout: 20_000 }).toBe(await held(alpha));
  for (const { program } of [alpha, beta]) expect(program.count(/cannot be used|is away/)).toBe(0);
});
