import { lstat, realpath } from 'node:fs/promises';
import { saveAtomically } from './atomic-save.ts';
import { TokenError } from './errors.ts';
import { isDatabase } from './formats/is-database.ts';
import { formatTokenText, lostIn, missingFor, type TokenFormat } from './formats/token-text.ts';
import { readRegularFile } from './read-regular-file.ts';
import { writeSchwabdevDatabase } from './schwabdev-database.ts';
import { assertTokenSet, type TokenSet } from './token-set.ts';

/** What a migration or export wrote, and in words what the new form has no place for. */
export type MigrationReport = { readonly path: string; readonly format: TokenFormat; readonly lost: readonly string[] };

/** How a store encrypts its file's text; undefined if it does not. */
export type Encrypt = ((text: string) => string) | undefined;

/**
 * Writes a set to another file, in schwab-py's form, which holds all of it, and encrypted like the file it comes from.
 * @throws TokenError `file_exists`, `token_save_failed`
 */
export async function writeBackup(tokenSet: TokenSet, path: string, encrypt: Encrypt): Promise<void> {
  await refuseExisting(path);
  const text = formatTokenText(tokenSet, 'schwab-py');
  await saveAtomically(path, encrypt === undefined ? text : encrypt(text));
}

/**
 * Writes a set to a file in the given form. The file that it comes from may be converted where it is, and is encrypted
 * as before. Another file is for another program, and plain.
 * @throws TokenError `file_exists` for any other file that is there, `format_unsuitable`, `token_save_failed`
 */
export async function writeMigrated(
  tokenSet: TokenSet,
  { from, to, format, encrypt }: { from: string | undefined; to: string; format: TokenFormat; encrypt: Encrypt },
): Promise<MigrationReport> {
  if (from === undefined || !(await isSameFile(from, to)))
    return exportTokens(tokenSet, to, format, { overwrite: false });
  if (format === 'schwabdev-db') {
    const advice = 'name another file for it';
    throw new TokenError('format_unsuitable', `${to} cannot be kept up to date as a database: ${advice}`);
  }
  refuseMissing(tokenSet, format);
  const text = formatTokenText(tokenSet, format);
  await saveAtomically(to, encrypt === undefined ? text : encrypt(text));
  return { path: to, format, lost: lostIn(format, tokenSet) };
}

/**
 * Writes a set for another program: 0600 from birth and in one step, never encrypted. With `overwrite`, a file that is there
 * is replaced, and a database of Schwabdev gets the tokens in a transaction.
 * @throws TokenError `file_exists`; `format_unsuitable` if Schwabdev could do nothing with the set; `token_save_failed`
 */
export async function exportTokens(
  tokenSet: TokenSet,
  path: string,
  format: TokenFormat,
  { overwrite }: { overwrite: boolean },
): Promise<MigrationReport> {
  assertTokenSet(tokenSet);
  refuseMissing(tokenSet, format);
  if (!overwrite) await refuseExisting(path);
  if (format === 'schwabdev-db') await writeSchwabdevDatabase(path, tokenSet, await isDatabaseFile(path));
  else await saveAtomically(path, formatTokenText(tokenSet, format));
  return { path, format, lost: lostIn(format, tokenSet) };
}

function refuseMissing(tokenSet: TokenSet, format: TokenFormat): void {
  const missing = missingFor(format, tokenSet);
  if (missing.length === 0) return;
  const message = `Schwabdev needs ${missing.join(' and ')}, which this login lacks: log in again, or choose another format`;
  throw new TokenError('format_unsuitable', message);
}

async function refuseExisting(path: string): Promise<void> {
  const exists = await lstat(path).then(
    () => true,
    () => false,
  );
  if (exists)
    throw new TokenError('file_exists', `${path} exists and is not overwritten: move it, or name another file`);
}

/** A file that cannot be read is none, for it to be replaced or for the save to say what is wrong. */
async function isDatabaseFile(path: string): Promise<boolean> {
  const file = await readRegularFile(path).catch(() => undefined);
  if (file?.kind !== 'too_large') return file?.kind === 'read' && isDatabase(file.bytes);
  throw new TokenError('file_exists', `${path} is too large to be a token file: move it, or name another file`);
}

async function isSameFile(one: string, other: string): Promise<boolean> {
  const [first, second] = await Promise.all([one, other].map((path) => realpath(path).catch(() => undefined)));
  return first !== undefined && first === second;
}
