/** The certificates of the targets that are reached over TLS: read at the start, and again on a reload. */
import { ConfigurationError } from '@token-relay/daemon';
import { readTlsMaterial, TlsMaterialError, type SendOptions } from '@token-relay/socket';
import type { TargetConfig } from './target.ts';

export type TargetTls = NonNullable<SendOptions['tls']>;

/** By the target's name. */
export type TargetCertificates = ReadonlyMap<string, TargetTls>;

/**
 * @param credentialsFolder systemd's `$CREDENTIALS_DIRECTORY`, where keys are not judged by their mode
 * @throws ConfigurationError that names the target, the file and what to do
 */
export async function readTargetCertificates(
  targets: readonly TargetConfig[],
  credentialsFolder: string | undefined,
): Promise<TargetCertificates> {
  const found = new Map<string, TargetTls>();
  for (const target of targets) {
    const tls = await readCertificates(target, credentialsFolder);
    if (tls !== undefined) found.set(target.name, tls);
  }
  return found;
}

async function readCertificates(
  { name, tls }: TargetConfig,
  credentialsFolder: string | undefined,
): Promise<TargetTls | undefined> {
  if (tls === undefined) return undefined;
  const { serverName, ...files } = tls;
  const options = credentialsFolder === undefined ? {} : { credentialsDirectory: credentialsFolder };
  try {
    return { ...(await readTlsMaterial(files, options)), ...(serverName === undefined ? {} : { serverName }) };
  } catch (error) {
    if (!(error instanceof TlsMaterialError)) throw error;
    throw new ConfigurationError('config_invalid', `target "${name}", tls: ${error.message}`);
  }
}
