/** `token_file_encryption` and `token_file_key`: how the token file is kept. */
import { ConfigurationError } from '@token-relay/daemon';
import { readEncryptionKey, type FileEncryption } from '@token-relay/tokens';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import type { SenderSettings } from './settings.ts';

/**
 * The key and whether to write with it; undefined where there is no key. A key without `token_file_encryption` reads an
 * encrypted file and turns it into a plain one.
 * @param credentialsFolder systemd's `$CREDENTIALS_DIRECTORY`, whose `token_file_key` is used if no file is named
 * @throws ConfigurationError, TokenError `key_file_invalid`
 */
export async function readFileEncryption(
  { tokenFileEncryption, tokenFileKey }: SenderSettings,
  credentialsFolder: string | undefined,
): Promise<FileEncryption | undefined> {
  const credential = credentialsFolder === undefined ? undefined : join(credentialsFolder, 'token_file_key');
  const path = tokenFileKey ?? (credential !== undefined && existsSync(credential) ? credential : undefined);
  if (path !== undefined) {
    const key = await readEncryptionKey(path, credentialsFolder === undefined ? {} : { credentialsFolder });
    return { key, write: tokenFileEncryption };
  }
  if (!tokenFileEncryption) return undefined;
  throw new ConfigurationError(
    'config_invalid',
    'token_file_encryption needs a key: make one with "(umask 077; openssl rand -hex 32 > configs/token_file.key)" and name it as token_file_key.',
  );
}
