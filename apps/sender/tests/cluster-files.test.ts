/** The files that a cluster names: what others could read, or is no key, is refused before anything is connected. */
import { chmodSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, expect, test } from 'vitest';
import { Certificates, EXPIRED } from '../../../packages/socket/tests/certificates.ts';
import { ClusterCredentialMissing, readClusterFiles } from '../src/cluster/cluster-files.ts';
import { temporaryFolder } from './temporary-folder.ts';

const KEY = 'a1'.repeat(32);
const certificates = new Certificates();
const pem = (name: string) => certificates.path(name);

beforeAll(() => {
  certificates.authority('ca');
  certificates.certificate('alpha', 'ca');
  certificates.certificate('beta', 'ca');
  certificates.certificate('expired', 'ca', { dates: EXPIRED });
  writeFileSync(pem('junk'), 'made-up words\n', { mode: 0o600 });
}, 60_000);

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
    const tls = { ca: pem('ca.crt'), cert: pem('alpha.crt'), key: secret };
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

const given = (tls: object) => {
  const keys = [written(temporaryFolder(), 'cluster.key', KEY)];
  return readClusterFiles(config({ keys, tls }), undefined);
};

test.each<[string, object, RegExp]>([
  [
    'a key of another certificate',
    { cert: 'alpha.crt', key: 'beta.key' },
    /^cluster: tls: \S+beta\.key is not the key of the certificate \S+alpha\.crt\. Give/,
  ],
  [
    'a key that is none',
    { cert: 'alpha.crt', key: 'junk' },
    /^cluster: tls: \S+junk is not a private key in PEM form\. Is it the right file\?/,
  ],
  [
    'a certificate that is none',
    { cert: 'junk', key: 'alpha.key' },
    /^cluster: tls: \S+junk is not a certificate in PEM form\. Is it the right file\?/,
  ],
  ['an authority that is none', { ca: 'junk' }, /^cluster: tls: \S+junk is not a certificate in PEM form\./],
  ['an authority that is not there', { ca: 'away.crt' }, /^cluster: tls: \S+away\.crt does not exist\./],
  [
    'a certificate that is not there',
    { cert: 'away.crt', key: 'alpha.key' },
    /^cluster: tls: \S+away\.crt does not exist\./,
  ],
])('%s is not blamed on the server: the file and what to do', async (_, files, words) => {
  const tls = Object.fromEntries(Object.entries({ ca: 'ca.crt', ...files }).map(([what, name]) => [what, pem(name)]));
  await expect(given(tls)).rejects.toThrow(words);
});

test('certificates are what the files say; one that has expired is the servers’ to refuse', async () => {
  expect((await given({ ca: pem('ca.crt') })).tls).toEqual({ ca: certificates.read('ca.crt') });
  for (const name of ['alpha', 'expired']) {
    expect((await given({ ca: pem('ca.crt'), cert: pem(`${name}.crt`), key: pem(`${name}.key`) })).tls).toEqual({
      ca: certificates.read('ca.crt'),
      cert: certificates.read(`${name}.crt`),
      key: certificates.read(`${name}.key`),
    });
  }
});

const CREDENTIAL = '/run/credentials/made-up.service/cluster_secret';

test.each<[string, object]>([
  ['keys', { keys: undefined }],
  ['a key', { keys: [CREDENTIAL] }],
  ['the key of a certificate', { tls: { ca: pem('ca.crt'), cert: pem('alpha.crt'), key: CREDENTIAL } }],
  ['an nkey', { nkey: CREDENTIAL }],
  ['a credentials file', { credentials: CREDENTIAL }],
])('%s that may be a credential of the service: told from what is wrong', async (_, files) => {
  const keys = [written(temporaryFolder(), 'cluster.key', KEY)];
  await expect(readClusterFiles(config({ keys, ...files }), undefined)).rejects.toThrow(ClusterCredentialMissing);
});

test('a key that is not there is the cluster’s, and not that of the token file', async () => {
  const path = join(temporaryFolder(), 'cluster.key');
  await expect(readClusterFiles(config({ keys: [path] }), undefined)).rejects.toThrow(
    `${path}: cluster: there is no such file; correct "keys", or make the key.`,
  );
});
