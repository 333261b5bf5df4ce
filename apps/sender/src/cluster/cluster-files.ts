/** The keys, certificates and credentials of a cluster: read at the start, and again on a reload. */
import type { NatsAccess, NatsLogin } from '@token-relay/cluster/nats';
import { ConfigurationError, readSecretText } from '@token-relay/daemon';
import { readCertificates, readTlsMaterial, TlsMaterialError } from '@token-relay/socket';
import { readEncryptionKey, TokenError } from '@token-relay/tokens';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import type { ClusterConfig } from './cluster-settings.ts';

/** systemd's credentials for the keys: the first one seals. */
const KEY_CREDENTIALS = ['cluster_key', 'cluster_key_2'] as const;
/** Where systemd puts the credentials of a service (systemd.exec(5)): there while it runs, and for its user. */
const CREDENTIALS = '/run/credentials/';

export interface ClusterFiles extends NatsAccess {
  readonly keys: readonly [Uint8Array, ...Uint8Array[]];
}

/** What is missing may be a credential of the service, which only the service sees. */
export class ClusterCredentialMissing extends ConfigurationError {}

/**
 * @param credentialsFolder systemd's `$CREDENTIALS_DIRECTORY`, whose files are not judged by their mode
 * @throws ConfigurationError that names the file and what to do
 */
export async function readClusterFiles(
  config: ClusterConfig,
  credentialsFolder: string | undefined,
): Promise<ClusterFiles> {
  return {
    keys: await readClusterKeys(config, credentialsFolder),
    tls: await readClusterTls(config, credentialsFolder),
    login: await readClusterLogin(config, credentialsFolder),
  };
}

/** As {@link readClusterFiles}, of the keys that the tokens are sealed with. */
export async function readClusterKeys(
  { keys }: Pick<ClusterConfig, 'keys'>,
  credentialsFolder: string | undefined,
): Promise<ClusterFiles['keys']> {
  const found =
    keys ??
    KEY_CREDENTIALS.map((name) => join(credentialsFolder ?? '', name)).filter(
      (path) => credentialsFolder !== undefined && existsSync(path),
    );
  const [first, ...others] = await Promise.all(found.map((path) => readKey(path, credentialsFolder)));
  if (first !== undefined) return [first, ...others];
  throw new ClusterCredentialMissing(
    'config_invalid',
    'cluster: the tokens travel sealed, and there is no key: make one with "(umask 077; openssl rand -hex 32 > configs/cluster.key)", name it under "keys" (a service of systemd has it as its credential "cluster_key": see the example sender-cluster.conf), and give every host the same.',
  );
}

/**
 * As {@link readClusterFiles}, of the certificates. What cannot be used is refused here, because the connection's error would
 * not say whose it is. What has expired is the servers' to refuse: until it is replaced, this host is a single machine.
 */
export async function readClusterTls(
  { tls }: Pick<ClusterConfig, 'tls'>,
  credentialsFolder: string | undefined,
): Promise<ClusterFiles['tls']> {
  if (tls === undefined) return undefined;
  const { ca, cert, key } = tls;
  const options = credentialsFolder === undefined ? {} : { credentialsDirectory: credentialsFolder };
  try {
    const authorities = await readCertificates(ca);
    if (cert === undefined || key === undefined) return await usable({ ca: authorities });
    await readCertificates(cert);
    refuseMissingCredential(key);
    return await usable(await readTlsMaterial({ ca, cert, key }, { evenIfExpired: true, ...options }));
  } catch (error) {
    if (!(error instanceof TlsMaterialError)) throw error;
    throw new ConfigurationError('config_invalid', `cluster: tls: ${error.message}`);
  }
}

/** As {@link readClusterFiles}, of what this host names itself to the servers with. */
export async function readClusterLogin(
  { nkey, credentials }: Pick<ClusterConfig, 'nkey' | 'credentials'>,
  credentialsFolder: string | undefined,
): Promise<NatsLogin | undefined> {
  const encoder = new TextEncoder();
  const read = (path: string) => {
    refuseMissingCredential(path);
    return readSecretText(path, { credentialsDirectory: credentialsFolder });
  };
  if (nkey !== undefined) return { kind: 'nkey', seed: encoder.encode((await read(nkey)).trim()) };
  // As it is: without its last line break, the client does not know it for a credentials file.
  return credentials === undefined ? undefined : { kind: 'credentials', text: encoder.encode(await read(credentials)) };
}

async function readKey(path: string, credentialsFolder: string | undefined): Promise<Uint8Array> {
  refuseMissingCredential(path);
  if (!existsSync(path)) {
    throw new ConfigurationError('config_missing', 'cluster: there is no such file; correct "keys", or make the key.', {
      file: path,
    });
  }
  try {
    return await readEncryptionKey(path, { credentialsFolder });
  } catch (error) {
    if (!(error instanceof TokenError)) throw error;
    throw new ConfigurationError('config_invalid', `cluster: ${error.message}`);
  }
}

function refuseMissingCredential(path: string): void {
  if (!path.startsWith(CREDENTIALS) || existsSync(path)) return;
  throw new ClusterCredentialMissing(
    'config_missing',
    'cluster: there is no such credential: put its file into /etc/credstore, and see LoadCredential= of the unit (sender-cluster.conf).',
    { file: path },
  );
}

/** OpenSSL has its own rules, of the length of keys for instance. */
async function usable<Tls extends NonNullable<ClusterFiles['tls']>>(tls: Tls): Promise<Tls> {
  const { createSecureContext } = await import('node:tls');
  try {
    createSecureContext({ ca: tls.ca, cert: tls.cert, key: tls.key });
    return tls;
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? String(error.code) : 'unknown error';
    throw new TlsMaterialError('unusable', `these certificates cannot be used for TLS (${code}): make new ones.`);
  }
}
