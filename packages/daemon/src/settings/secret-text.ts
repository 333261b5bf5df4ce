import { resolve, sep } from 'node:path';
import { ConfigurationError } from '../configuration-error.ts';
import { readTextFile } from './read-text-file.ts';

/**
 * Reads a text that is a secret. It is refused when its group or others can read its file.
 *
 * `credentialsDirectory` is systemd's `$CREDENTIALS_DIRECTORY`: it gives its files to the service's user by an access
 * list, which shows as a group permission though no group has it, so files in there are not judged by their mode.
 *
 * Rejects with ConfigurationError `config_missing`, `config_unreadable` or `config_too_open`.
 */
export function readSecretText(
  file: string,
  { credentialsDirectory }: { credentialsDirectory?: string | undefined } = {},
): Promise<string> {
  const guarded = credentialsDirectory !== undefined && resolve(file).startsWith(resolve(credentialsDirectory) + sep);
  return readTextFile(file, ({ mode }) => {
    if (guarded || (mode & 0o077) === 0) return;
    const octal = (mode & 0o777).toString(8).padStart(4, '0');
    throw new ConfigurationError('config_too_open', `can be read by others (mode ${octal}): run chmod 600 ${file}`, {
      file,
    });
  });
}
