import { isDatabase } from './formats/is-database.ts';
import type { TokenFormat } from './formats/token-text.ts';
import { readSchwabdevDatabase } from './schwabdev-database.ts';
import { parseTokenFile, readTokenBytes } from './token-file.ts';
import type { TokenSet } from './token-set.ts';

/** `warnings`: what its user should know of this file or login, each a sentence's part without a full stop. */
export type ImportedTokens = {
  readonly tokenSet: TokenSet;
  readonly format: TokenFormat;
  readonly warnings: readonly string[];
};

/**
 * Reads the file of any program, in any form that is known, told apart by content. That others can read it is a warning:
 * it is not ours to guard.
 * @param options.encryptionKey for a file of our own that is encrypted
 * @throws TokenError `token_not_found`, `token_file_unreadable`, `token_file_invalid`, `token_file_encrypted`,
 *   `token_file_key_wrong`; `format_unsuitable` for a database, if this Node.js has no SQLite
 */
export async function importTokens(
  path: string,
  options: { encryptionKey?: Uint8Array | undefined } = {},
): Promise<ImportedTokens> {
  const { bytes, openTo } = await readTokenBytes(path);
  const { tokenSet, format }: Omit<ImportedTokens, 'warnings'> = isDatabase(bytes)
    ? { tokenSet: await readSchwabdevDatabase(path), format: 'schwabdev-db' }
    : parseTokenFile(path, bytes, options.encryptionKey);
  return {
    tokenSet,
    format,
    warnings: [
      ...(openTo === undefined ? [] : [`others can get at ${path} (mode ${openTo}): run chmod 600 ${path}`]),
      ...(tokenSet.refreshToken === undefined
        ? [`${path} has no refresh token: the access token cannot be refreshed, and a login is needed when it expires`]
        : []),
      ...(tokenSet.loginAtMs === undefined
        ? [`${path} does not say when the login was: nobody can tell when its 7 days end until the next login`]
        : []),
    ],
  };
}
