import { isDatabase } from './formats/is-database.ts';
import type { TokenFormat } from './formats/token-text.ts';
import { isLoginInFuture } from './login-time.ts';
import { readSchwabdevDatabase } from './schwabdev-database.ts';
import { parseTokenFile, readTokenBytes, SOURCE_FILE } from './token-file.ts';
import type { TokenSet } from './token-set.ts';

/** `warnings`: what its user should know of these tokens, each a sentence's part without a full stop. */
export type CheckedTokens = { readonly tokenSet: TokenSet; readonly warnings: readonly string[] };
export type ImportedTokens = CheckedTokens & { readonly format: TokenFormat };

export type ImportOptions = {
  /** For a file of our own that is encrypted. */
  readonly encryptionKey?: Uint8Array | undefined;
  /** The clock, in epoch milliseconds: `Date.now`. */
  readonly nowMs?: () => number;
};

/**
 * Reads the file of any program, in any form that is known, told apart by content. That others can read it is a warning:
 * it is not ours to guard.
 * @throws TokenError `token_not_found`, `token_file_unreadable`, `token_file_invalid`, `token_file_encrypted`,
 *   `token_file_key_wrong`; `format_unsuitable` for a database, if this Node.js has no SQLite
 */
export async function importTokens(
  path: string,
  { encryptionKey, nowMs = Date.now }: ImportOptions = {},
): Promise<ImportedTokens> {
  const { bytes, openTo } = await readTokenBytes(path, SOURCE_FILE);
  const read: { tokenSet: TokenSet; format: TokenFormat } = isDatabase(bytes)
    ? { tokenSet: await readSchwabdevDatabase(path), format: 'schwabdev-db' }
    : parseTokenFile(path, bytes, encryptionKey, SOURCE_FILE);
  const { tokenSet, warnings } = checkImport(read.tokenSet, path, nowMs());
  const open = openTo === undefined ? [] : [`others can get at ${path} (mode ${openTo}): run chmod 600 ${path}`];
  return { tokenSet, format: read.format, warnings: [...open, ...warnings] };
}

/**
 * What is wrong with tokens that are to become the login. A login time in the future is left out, because it would keep
 * every true login out until it has come.
 * @param from where they come from, for the warnings
 */
export function checkImport(tokenSet: TokenSet, from: string, nowMs: number): CheckedTokens {
  const { loginAtMs, ...rest } = tokenSet;
  const isInFuture = isLoginInFuture(tokenSet, nowMs);
  return {
    tokenSet: isInFuture ? rest : tokenSet,
    warnings: [
      ...(tokenSet.refreshToken === undefined
        ? [`${from} has no refresh token: the access token cannot be refreshed, and a login is needed when it expires`]
        : []),
      ...(loginAtMs === undefined
        ? [`${from} does not say when the login was: nobody can tell when its 7 days end until the next login`]
        : []),
      ...(isInFuture && loginAtMs !== undefined
        ? [
            `${from} says that the login was in the future, on ${new Date(loginAtMs).toISOString()}, which is left out: nobody can tell when its 7 days end until the next login`,
          ]
        : []),
    ],
  };
}
