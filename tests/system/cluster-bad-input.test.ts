/**
 * A store that a cluster cannot use, with real `nats-server`s: whatever it is, the sender says it once, with the address
 * and what to do, goes on as a single machine, and joins as soon as it is put right, without a restart.
 */
import { jetstreamManager } from '@nats-io/jetstream';
import { Kvm } from '@nats-io/kv';
import { connect } from '@nats-io/transport-node';
import { encryptionKeyId } from '@token-relay/tokens';
import { once } from 'node:events';
import { createServer, type AddressInfo } from 'node:net';
import { describe, expect, test } from 'vitest';
import { Joining, KEY, OTHER_KEY } from './cluster-joining.ts';
import { NatsServer } from './nats-servers.ts';

const keyId = (key: string) => encryptionKeyId(Buffer.from(key, 'hex'));

describe.concurrent('what the store holds', () => {
  test('sealed with a key that this host does not have: both keys are named, and a reload with the key joins', async () => {
    await using server = await NatsServer.start();
    await using beta = await Joining.make(server.port);
    await beta.start([], { host: 'beta', key: OTHER_KEY });
    await beta.sender.line(/this host leads/);
    await beta.sender.stop();
    await using host = await Joining.make(server.port);
    await host.start();
    expect(await host.trouble()).toBe(
      `ADDRESS: its tokens are sealed with the key ${keyId(OTHER_KEY)}, and this host has ${keyId(KEY)}: give all hosts the same key (cluster.keys)`,
    );
    await host.bench.write('cluster.key', `${OTHER_KEY}\n`, 0o600);
    host.sender.signal('SIGHUP');
    await host.joins();
  });

  test('somebody else’s data: it joins when the bucket was deleted', async () => {
    await using server = await NatsServer.start();
    await putTokens(server, 'the accounts of another program');
    await using host = await Joining.make(server.port);
    await host.start();
    expect(await host.trouble()).toBe(
      'ADDRESS: it holds what is not a token set of this program, or not of this version: give the cluster a bucket of its own (cluster.bucket), and restart',
    );
    await using connection = await connected(server);
    await (await jetstreamManager(connection.nats)).streams.delete('KV_token_relay');
    await host.joins([/a bucket is gone from \S+; it is made again/]);
  });

  test('a stream of that name that is no bucket', async () => {
    await using server = await NatsServer.start();
    await using connection = await connected(server);
    const manager = await jetstreamManager(connection.nats);
    await manager.streams.add({ name: 'KV_token_relay', subjects: ['orders.>'] });
    await using host = await Joining.make(server.port);
    await host.start();
    expect(await host.trouble()).toBe(
      "ADDRESS: its stream KV_token_relay is somebody else's, and no bucket: give the cluster another one (cluster.bucket), and restart",
    );
    await host.triedAgain();
    await manager.streams.delete('KV_token_relay');
    await host.joins();
  });
});

describe.concurrent('a lease', () => {
  test.each([
    [
      12,
      'a lease lives for 12 s there, and has to outlive http_timeout (30 s): name another bucket (cluster.bucket) and restart, or a shorter http_timeout',
    ],
    [
      600,
      'a lease lives for 600 s there, and nobody would take over in time: name another bucket (cluster.bucket), whose lease is 120 s at most, and restart',
    ],
  ])('that lives for %d s: it joins when the bucket was made again', async (seconds, words) => {
    await using server = await NatsServer.start();
    await using connection = await connected(server);
    const buckets = new Kvm(connection.nats);
    await buckets.create('token_relay_hosts', { ttl: seconds * 1_000 });
    await using host = await Joining.make(server.port);
    await host.start();
    expect(await host.trouble()).toBe(`ADDRESS: ${words}`);
    await (await jetstreamManager(connection.nats)).streams.delete('KV_token_relay_hosts');
    await buckets.create('token_relay_hosts', { ttl: 45_000 });
    await host.joins();
  });
});

test('What is wrong next, when one thing was put right, is said as well', async () => {
  await using server = await NatsServer.start();
  await using connection = await connected(server);
  await new Kvm(connection.nats).create('token_relay_hosts', { ttl: 12_000 });
  await using host = await Joining.make(server.port);
  await host.start();
  expect(await host.trouble()).toMatch(/a lease lives for 12 s there/);
  await putTokens(server, 'the accounts of another program');
  await host.sender.line(/cannot be used: \S+ it holds what is not a token set/);
  const manager = await jetstreamManager(connection.nats);
  await Promise.all(['KV_token_relay', 'KV_token_relay_hosts'].map((name) => manager.streams.delete(name)));
  await host.sender.line(/this host leads/);
});

describe.concurrent('a server', () => {
  test('that is too old', async () => {
    await using server = await NatsServer.start();
    await using old = await oldServer('2.1.9');
    await using host = await Joining.make(old.port);
    await host.start();
    expect(await host.trouble()).toBe('ADDRESS: it is nats-server 2.1.9, and 2.9 or later is needed: update it');
    await host.triedAgain();
    host.road.lead(server.port);
    await host.joins();
  });

  test('without JetStream', async () => {
    await using server = await NatsServer.start(() => '');
    await using host = await Joining.make(server.port);
    await host.start();
    expect(await host.trouble()).toBe("ADDRESS: it has no JetStream: write jetstream {} into the server's file");
    await using other = await NatsServer.start();
    host.road.lead(other.port);
    await host.joins();
  });

  test('that cannot keep as many copies as asked for', async () => {
    await using server = await NatsServer.start();
    await using host = await Joining.make(server.port);
    await host.start(['replicas: 3']);
    expect(await host.trouble()).toBe(
      'ADDRESS says: replicas > 1 not supported in non-clustered mode (cluster.replicas); see docs/cluster.md',
    );
  });
});

async function connected(server: NatsServer) {
  const nats = await connect({ servers: `127.0.0.1:${server.port}` });
  return { nats, [Symbol.asyncDispose]: () => nats.close() };
}

async function putTokens(server: NatsServer, value: string): Promise<void> {
  await using connection = await connected(server);
  const bucket = await new Kvm(connection.nats).create('token_relay');
  await bucket.put('tokens', value);
}

/** Says that it is a `nats-server` of this version, and no more. */
async function oldServer(version: string) {
  const server = createServer((socket) => {
    socket.on('error', () => undefined);
    socket.on('data', () => socket.write('PONG\r\n'));
    socket.write(`INFO ${JSON.stringify({ server_id: 'OLD', version, proto: 1, max_payload: 1_048_576 })}\r\n`);
  });
  await once(server.listen(0, '127.0.0.1'), 'listening');
  const { port } = server.address() as AddressInfo;
  return {
    port,
    [Symbol.asyncDispose]: async () => {
      await once(server.close(), 'close');
    },
  };
}
