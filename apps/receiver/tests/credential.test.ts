import { once } from 'node:events';
import { existsSync, statSync } from 'node:fs';
import { connect, type Socket } from 'node:net';
import { join } from 'node:path';
import { describe, expect, onTestFinished, test } from 'vitest';
import { until } from '../../../tests/rigs/until.ts';
import { CredentialSocket } from '../src/credential/credential-socket.ts';
import { holdingRig, type Rig, type RigOptions } from './holding-rig.ts';

const MIB = 1024 * 1024;

/**
 * Reads a credential as systemd does (read_full_file_full, src/basic/fileio.c): connects, closes its own side, reads
 * until end of file, and fails when there is more than 1 MiB.
 */
function loadCredential(path: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const socket = connect({ path, allowHalfOpen: true }, () => socket.end());
    const chunks: Buffer[] = [];
    let bytes = 0;
    socket.on('data', (chunk: Buffer) => {
      chunks.push(chunk);
      bytes += chunk.length;
      if (bytes <= MIB) return;
      socket.destroy();
      reject(new Error(`E2BIG: ${Buffer.concat(chunks).toString().slice(0, 40)}`));
    });
    socket.on('end', () => resolve(Buffer.concat(chunks).toString()));
    socket.on('error', reject);
  });
}

async function credentialRig(
  options: RigOptions & { waitMs?: number } = {},
): Promise<Rig & { credentials: CredentialSocket; path: string }> {
  const rig = await holdingRig(options);
  const path = join(rig.folder, 'credential.sock');
  const { holder, log } = rig;
  const credentials = new CredentialSocket({ path, waitMs: options.waitMs ?? 30_000, holding: holder, log });
  await credentials.start();
  onTestFinished(() => credentials.stop());
  return { ...rig, credentials, path };
}

function restored(expiresAtMs?: number) {
  const message = { accessToken: 'made-up-held', ...(expiresAtMs === undefined ? {} : { expiresAtMs }) };
  return { generation: 1, history: [], held: { message, generation: 1, receivedAtMs: 0, from: 'unix' as const } };
}

test('whoever connects gets the bare token and end of file; the socket is for its owner alone', async () => {
  const { path, deliver, log, credentials } = await credentialRig();
  await deliver('made-up-token', { expiresInMs: 1_800_000, refreshToken: 'made-up-refresh' });
  expect(await loadCredential(path)).toBe('made-up-token');
  expect(statSync(path).mode & 0o777).toBe(0o600);
  expect(credentials.report()).toEqual({ served: 1, failed: 0, waiting: 0 });
  expect(log.lines).toEqual([`INFO Token handed out as a credential over ${path} (generation 1)`]);
});

test('a token of unknown expiry, and one that is stale, are better than none', async () => {
  const { path, holder } = await credentialRig({ restored: restored() });
  expect(holder.freshness().kind).toBe('stale');
  expect(await loadCredential(path)).toBe('made-up-held');
});

test.each([
  ['none', {}],
  ['an expired one', { restored: restored(1) }],
])('with %s, those that connect wait for a valid token', async (_, options) => {
  const { path, deliver, credentials } = await credentialRig(options);
  const loading = [loadCredential(path), loadCredential(path), loadCredential(path)];
  await until(() => credentials.report().waiting === 3);
  await deliver('made-up-over', { expiresInMs: -60_000 });
  expect(credentials.report().waiting).toBe(3);
  await deliver('made-up-token', { expiresInMs: 1_800_000 });
  expect(await Promise.all(loading)).toEqual(Array(3).fill('made-up-token'));
  await until(() => credentials.report().served === 3);
  expect(credentials.report()).toEqual({ served: 3, failed: 0, waiting: 0 });
});

test('when none comes in time, systemd refuses what it reads, and the log says why', async () => {
  const { path, credentials, log } = await credentialRig({ waitMs: 50 });
  await expect(loadCredential(path)).rejects.toThrow(/^E2BIG: This is no token/);
  expect(credentials.report()).toEqual({ served: 0, failed: 1, waiting: 0 });
  expect(log.lines).toEqual([
    expect.stringMatching(/^WARN A unit asked for a credential .*none came within 0\.05 s\. .*243\/CREDENTIALS/),
  ]);
});

describe('bounded', () => {
  function connected(path: string): Promise<Socket> {
    return new Promise((resolve, reject) => {
      const socket = connect({ path, allowHalfOpen: true }, () => resolve(socket));
      socket.on('error', reject);
      onTestFinished(() => void socket.destroy());
    });
  }

  test('64 may wait; for one more, the one that has waited longest is refused', async () => {
    const { path, credentials, log, deliver } = await credentialRig();
    const longest = expect(loadCredential(path)).rejects.toThrow(/^E2BIG/);
    await until(() => credentials.report().waiting === 1);
    for (let count = 1; count < 64; count += 1) await connected(path);
    await until(() => credentials.report().waiting === 64);
    const newcomer = loadCredential(path);
    await longest;
    expect(await log.lineWith('WARN')).toContain('64 that came later wait for one too');
    expect(credentials.report().waiting).toBe(64);
    await deliver('made-up-token');
    expect(await newcomer).toBe('made-up-token');
  });

  test.each([
    { what: '64 that hold on to their token', held: true, most: 64, connections: 80 },
    { what: '64 that wait, and 512 that do not take their refusal,', held: false, most: 64 + 512, connections: 600 },
  ])('$what may stay; the first makes room for one more', async ({ held, most, connections }) => {
    const { path } = await credentialRig(held ? { restored: restored() } : {});
    const sockets: Socket[] = [];
    while (sockets.length < connections) sockets.push(await connected(path));
    // Its end is behind what is still to be read: what it writes fails at once.
    const isOpen = (socket: Socket) => new Promise<boolean>((resolve) => socket.write('-', (error) => resolve(!error)));
    const open = async () => (await Promise.all(sockets.map(isOpen))).lastIndexOf(false) + 1;
    await expect.poll(open).toBe(connections - most);
    if (held) expect(await loadCredential(path)).toBe('made-up-held');
  });

  test('those that have gone away keep no place from one that waits, and nobody hears of them', async () => {
    const { path, credentials, log, deliver } = await credentialRig();
    for (let count = 0; count < 64; count += 1) (await connected(path)).destroy();
    await until(() => credentials.report().waiting === 64);
    const loading = [loadCredential(path), loadCredential(path)];
    await until(() => credentials.report().waiting === 64);
    await deliver('made-up-token');
    expect(await Promise.all(loading)).toEqual(['made-up-token', 'made-up-token']);
    expect(log.at('WARN')).toEqual([]);
  });

  test('one that is gone does not wait any more', async () => {
    const { path, credentials, deliver } = await credentialRig();
    const socket = connect(path);
    await until(() => credentials.report().waiting === 1);
    socket.end();
    await deliver('made-up-token');
    await until(() => credentials.report().waiting === 0);
  });

  test('readers that do not read hold up no other', async () => {
    const { path, deliver } = await credentialRig();
    for (let count = 0; count < 100; count += 1) await connected(path);
    await deliver('made-up-token');
    expect(await loadCredential(path)).toBe('made-up-token');
  });

  test('what a client says is of no interest, however much it is', async () => {
    const { path, deliver } = await credentialRig();
    await deliver('made-up-token');
    const socket = await connected(path);
    const received: Buffer[] = [];
    socket.on('data', (chunk: Buffer) => received.push(chunk));
    socket.end(Buffer.alloc(4 * MIB));
    const [hadError] = (await once(socket, 'close')) as [boolean];
    expect([hadError, Buffer.concat(received).toString()]).toEqual([false, 'made-up-token']);
  });
});

test('stopping makes those fail that wait: an end of file alone would start them without a token', async () => {
  const { path, credentials } = await credentialRig();
  const loading = expect(loadCredential(path)).rejects.toThrow(/^E2BIG/);
  await until(() => credentials.report().waiting === 1);
  await credentials.stop();
  await loading;
  expect(existsSync(path)).toBe(false);
});

test('stopping is not held up by one that does not read', async () => {
  const { path, credentials } = await credentialRig();
  const socket = connect(path);
  onTestFinished(() => void socket.destroy());
  socket.pause();
  await until(() => credentials.report().waiting === 1);
  await credentials.stop();
});

test('a stream of units fills no log', async () => {
  const { path, deliver, log } = await credentialRig();
  await deliver('made-up-token');
  for (let count = 0; count < 60; count += 1) await loadCredential(path);
  expect(log.lines.length).toBeLessThan(60);
  expect(log.lines.join()).not.toContain('made-up');
});
