import { lstat, realpath } from 'node:fs/promises';
import { saveAtomically } from './atomic-save.ts';
import { TokenError } from './errors.ts';
import { formatTokenText, lostIn, type TokenFormat } from './formats/token-text.ts';
import type { TokenSet } from './token-set.ts';

/** What a migration wrote, and in words what the new form has no place for. */
export type MigrationReport = { readonly path: string; readonly format: TokenFormat; readonly lost: readonly string[] };

/**
 * Writes a set to another file, in schwab-py's form, which holds all of it.
 * @throws TokenError `file_exists`, `token_save_failed`
 */
export async function writeBackup(tokenSet: TokenSet, path: string): Promise<void> {
  await refuseExisting(path);
  await saveAtomically(path, formatTokenText(tokenSet, 'schwab-py'));
}

/**
 * Writes a set to a file in the given form. The file that it comes from may be converted where it is.
 * @throws TokenError `file_exists` for any other file that is there, `token_save_failed`
 */
export async function writeMigrated(
  tokenSet: TokenSet,
  { from, to, format }: { from: string | undefined; to: string; format: TokenFormat },
): Promise<MigrationReport> {
  if (from === undefined || !(await isSameFile(from, to))) await refuseExisting(to);
  await saveAtomically(to, formatTokenText(tokenSet, format));
  return { path: to, format, lost: lostIn(format, tokenSet) };
}

async function refuseExisting(path: string): Promise<void> {
  const exists = await lstat(path).then(
    () => true,
    () => false,
  );
  if (exists)
    throw new TokenError('file_exists', `${path} exists and is not overwritten: move it, or name another file`);
}

async function isSameFile(one: string, other: string): Promise<boolean> {
  const [first, second] = await Promise.all([one, other].map((path) => realpath(path).catch(() => undefined)));
  return first !== undefined && first === second;
}
