/** The keys, certificates and credentials of a cluster: read at the start, and again on a reload. */
import type { NatsAccess, NatsLogin } from '@token-relay/cluster/nats';
import { ConfigurationError, readSecretText, readTextFile } from '@token-relay/daemon';
import { readEncryptionKey, TokenError } from '@token-relay/tokens';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import type { ClusterConfig } from './cluster-settings.ts';

/** systemd's credentials for the keys: the first one seals. */
const KEY_CREDENTIALS = ['cluster_key', 'cluster_key_2'] as const;

export interface ClusterFiles extends NatsAccess {
  readonly keys: readonly [Uint8Array, ...Uint8Array[]];
}

/**
 * @param credentialsFolder systemd's `$CREDENTIALS_DIRECTORY`, whose files are not judged by their mode
 * @throws ConfigurationError that names the file and what to do
 */
export async function readClusterFiles(
  config: ClusterConfig,
  credentialsFolder: string | undefined,
): Promise<ClusterFiles> {
  const options = { credentialsDirectory: credentialsFolder };
  const { tls, nkey, credentials } = config;
  return {
    keys: await readKeys(config, credentialsFolder),
    tls:
      tls === undefined
        ? undefined
        : {
            ca: await readTextFile(tls.ca),
            cert: tls.cert === undefined ? undefined : await readTextFile(tls.cert),
            key: tls.key === undefined ? undefined : await readSecretText(tls.key, options),
          },
    login: await readLogin({ nkey, credentials }, options),
  };
}

async function readKeys({ keys }: ClusterConfig, credentialsFolder: string | undefined): Promise<ClusterFiles['keys']> {
  const found =
    keys ??
    KEY_CREDENTIALS.map((name) => join(credentialsFolder ?? '', name)).filter(
      (path) => credentialsFolder !== undefined && existsSync(path),
    );
  const [first, ...others] = await Promise.all(found.map((path) => readKey(path, credentialsFolder)));
  if (first !== undefined) return [first, ...others];
  throw new ConfigurationError(
    'config_invalid',
    'cluster: the tokens travel sealed, and there is no key: make one with "(umask 077; openssl rand -hex 32 > configs/cluster.key)", name it under "keys" (a service of systemd has it as its credential "cluster_key": see the example sender-cluster.conf), and give every host the same.',
  );
}

async function readKey(path: string, credentialsFolder: string | undefined): Promise<Uint8Array> {
  try {
    return await readEncryptionKey(path, { credentialsFolder });
  } catch (error) {
    if (!(error instanceof TokenError)) throw error;
    throw new ConfigurationError('config_invalid', `cluster: ${error.message}`);
  }
}

async function readLogin(
  { nkey, credentials }: Pick<ClusterConfig, 'nkey' | 'credentials'>,
  options: { credentialsDirectory: string | undefined },
): Promise<NatsLogin | undefined> {
  const encoder = new TextEncoder();
  if (nkey !== undefined) {
    return { kind: 'nkey', seed: encoder.encode((await readSecretText(nkey, options)).trim()) };
  }
  // As it is: without its last line break, the client does not know it for a credentials file.
  return credentials === undefined
    ? undefined
    : { kind: 'credentials', text: encoder.encode(await readSecretText(credentials, options)) };
}
