/** The store of a cluster in hostile hands: its operator reads, repeats and deletes what is there. */
import { jetstreamManager } from '@nats-io/jetstream';
import { Kvm, type KV } from '@nats-io/kv';
import { connect } from '@nats-io/transport-node';
import { glob, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { Joining } from '../system/cluster-joining.ts';
import { NatsServer } from '../system/nats-servers.ts';

/** A leader, and the bucket as its operator has it. */
async function withLeader(use: (host: Joining, bucket: KV, server: NatsServer) => Promise<void>): Promise<void> {
  await using server = await NatsServer.start();
  await using host = await Joining.make(server.port);
  await host.start();
  await host.sender.line(/this host leads/);
  const nats = await connect({ servers: `127.0.0.1:${server.port}` });
  try {
    const bucket = await new Kvm(nats).open('token_relay');
    await expect.poll(() => bucket.get('tokens'), { timeout: 20_000 }).not.toBeNull();
    await use(host, bucket, server);
  } finally {
    await nats.close();
  }
}

const tokensOf = async (host: Joining) => {
  const { token } = await host.bench.tokens();
  return [String(token['access_token']), String(token['refresh_token'])];
};

test('what is in the store, and on its disk, holds no token', async () => {
  await withLeader(async (host, bucket, server) => {
    await host.bench.senderCommand('refresh');
    const tokens = await tokensOf(host);
    await expect.poll(async () => (await bucket.get('tokens'))?.revision, { timeout: 20_000 }).toBeGreaterThan(1);
    const texts = [(await bucket.get('tokens'))?.string() ?? ''];
    for await (const file of glob('store/**/*', { cwd: server.folder, withFileTypes: true })) {
      if (file.isFile()) texts.push((await readFile(join(file.parentPath, file.name))).toString('latin1'));
    }
    expect(texts.length).toBeGreaterThan(3);
    const forms = tokens.flatMap((token) => [
      token,
      Buffer.from(token).toString('base64').replace(/=+$/, '').slice(0, -2),
    ]);
    expect(texts.filter((text) => forms.some((form) => text.includes(form)))).toEqual([]);
  });
});

test('an older token set that is put back replaces nothing: the newest is published again', async () => {
  await withLeader(async (host, bucket) => {
    const old = await bucket.get('tokens');
    await host.bench.senderCommand('refresh');
    const newest = await tokensOf(host);
    await expect.poll(async () => (await bucket.get('tokens'))?.revision, { timeout: 20_000 }).toBeGreaterThan(1);
    const repeated = await bucket.put('tokens', old?.value ?? '');
    await expect
      .poll(async () => (await bucket.get('tokens'))?.revision, { timeout: 20_000 })
      .toBeGreaterThan(repeated);
    expect(await tokensOf(host)).toEqual(newest);
  });
});

test('a store that is deleted is filled again by the hosts', async () => {
  await withLeader(async (host, _, server) => {
    const held = await tokensOf(host);
    const nats = await connect({ servers: `127.0.0.1:${server.port}` });
    const { streams } = await jetstreamManager(nats);
    await streams.delete('KV_token_relay');
    await streams.delete('KV_token_relay_hosts');
    const count = async () => (await streams.info('KV_token_relay').catch(() => undefined))?.state.messages;
    await expect.poll(count, { timeout: 60_000 }).toBe(1);
    expect(await tokensOf(host)).toEqual(held);
    await nats.close();
  });
});
