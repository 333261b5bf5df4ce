/** The files that a cluster names: what others could read, or is no key, is refused before anything is connected. */
import { chmodSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { readClusterFiles } from '../src/cluster/cluster-files.ts';
import { temporaryFolder } from './temporary-folder.ts';

const KEY = 'a1'.repeat(32);

function written(folder: string, name: string, text: string, mode = 0o600): string {
  const path = join(folder, name);
  writeFileSync(path, text);
  chmodSync(path, mode);
  return path;
}

function config(files: object) {
  return {
    ...{ servers: ['127.0.0.1:4222'], host: 'alpha', bucket: 'token_relay', replicas: 1, leaseLifeMs: 45_000 },
    ...{ whenIsolated: 'leader' as const, keys: undefined, tls: undefined, nkey: undefined, credentials: undefined },
    ...files,
  };
}

test.each(['keys', 'nkey', 'credentials', 'tls'] as const)(
  'a file of %s that others can read: the file and what to do',
  async (what) => {
    const folder = temporaryFolder();
    const key = written(folder, 'cluster.key', KEY, what === 'keys' ? 0o640 : 0o600);
    const secret = written(folder, 'secret', 'made-up', 0o644);
    const tls = { ca: written(folder, 'ca', 'ca', 0o644), cert: written(folder, 'cert', 'cert', 0o644), key: secret };
    const rest = what === 'keys' ? {} : { [what]: what === 'tls' ? tls : secret };
    const path = what === 'keys' ? key : secret;
    await expect(readClusterFiles(config({ keys: [key], ...rest }), undefined)).rejects.toThrow(
      new RegExp(`${path}.*chmod 600`),
    );
  },
);

test.each(['', 'a1a1\n', 'made-up words'])('a key of %j is none', async (text) => {
  const path = written(temporaryFolder(), 'cluster.key', text);
  await expect(readClusterFiles(config({ keys: [path] }), undefined)).rejects.toThrow(path);
});

test('no key at all: how to make one, and where it goes', async () => {
  const words = /openssl rand -hex 32 .*"keys" .*"cluster_key".*sender-cluster\.conf/;
  await expect(readClusterFiles(config({}), undefined)).rejects.toThrow(words);
});

test('keys come from the credentials of systemd, the first one seals', async () => {
  const folder = temporaryFolder();
  written(folder, 'cluster_key', 'b2'.repeat(32), 0o440);
  written(folder, 'cluster_key_2', KEY, 0o440);
  const { keys } = await readClusterFiles(config({}), folder);
  expect(keys.map((key) => Buffer.from(key).toString('hex'))).toEqual(['b2'.repeat(32), KEY]);
});
