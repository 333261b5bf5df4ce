import { chmod, lstat, stat } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';
import type * as sqliteModule from 'node:sqlite';
import { replaceAtomically } from './atomic-save.ts';
import { TokenError } from './errors.ts';
import { parseSchwabdev, schwabdevRow } from './formats/schwabdev.ts';
import { isPerhapsPlanted, linkTarget } from '@token-relay/paths';
import { saveFailure } from './save-failure.ts';
import type { TokenSet } from './token-set.ts';

/** As Schwabdev 3 makes it (schwabdev/tokens.py). */
const CREATE = `CREATE TABLE IF NOT EXISTS schwabdev (access_token_issued TEXT NOT NULL,
  refresh_token_issued TEXT NOT NULL, access_token TEXT NOT NULL, refresh_token TEXT NOT NULL, id_token TEXT NOT NULL,
  expires_in INTEGER, token_type TEXT, scope TEXT)`;

/** SQLite's primary result codes (sqlite.org/rescode.html). */
const SQLITE_BUSY = 5;
const SQLITE_LOCKED = 6;
const SQLITE_READONLY = 8;
const SQLITE_CORRUPT = 11;
const SQLITE_FULL = 13;
const SQLITE_CANTOPEN = 14;
const SQLITE_NOTADB = 26;

/**
 * Reads Schwabdev's database. It does not wait for a lock.
 * @throws TokenError `token_file_invalid`, `token_file_unreadable`; `format_unsuitable` if this Node.js has no SQLite
 */
export async function readSchwabdevDatabase(path: string): Promise<TokenSet> {
  const sqlite = await loadSqlite(path);
  let row: Record<string, unknown> | undefined;
  try {
    const database = new sqlite.DatabaseSync(resolve(path), { readOnly: true });
    try {
      if (!hasTable(database)) throw invalid(path, 'it is a database of something else; name another');
      row = database.prepare('SELECT * FROM schwabdev LIMIT 1').get();
    } finally {
      database.close();
    }
  } catch (error) {
    throw error instanceof TokenError ? error : readFailure(path, error);
  }
  if (row === undefined) throw invalid(path, 'its table is empty; log in here, or with Schwabdev first');
  const { access_token_issued, refresh_token_issued, ...tokens } = row;
  const parsed = parseSchwabdev({ access_token_issued, refresh_token_issued, token_dictionary: tokens }, '');
  if (!parsed.ok) throw invalid(path, parsed.detail);
  if (parsed.tokenSet.accessToken === undefined && parsed.tokenSet.refreshToken === undefined) {
    throw invalid(path, 'it has neither an access_token nor a refresh_token');
  }
  return parsed.tokenSet;
}

/**
 * Makes Schwabdev's database, 0600 from birth and complete when it appears. One that is there already gets the tokens in a
 * transaction, because a Schwabdev that has it open would not notice a new file.
 * @throws TokenError `token_save_failed`; `file_exists` for a database of something else; `format_unsuitable`
 */
export async function writeSchwabdevDatabase(path: string, tokenSet: TokenSet, isThere: boolean): Promise<void> {
  const sqlite = await loadSqlite(path);
  try {
    if (isThere) {
      const target = await linkTarget(path);
      const present = await lstat(target);
      if (isPerhapsPlanted(present, await stat(dirname(target)))) {
        throw notOurs(path, `belongs to user ${present.uid}, in a folder that anyone may write to,`);
      }
      if ((present.mode & 0o077) !== 0) await chmod(target, 0o600);
      withDatabase(new sqlite.DatabaseSync(target), (database) => {
        if (!hasTable(database)) throw notOurs(path, 'is a database of something else');
        replaceRow(database, tokenSet);
      });
      return;
    }
    await refuseLeftovers(path);
    await replaceAtomically(path, (_file, temporaryPath) => {
      withDatabase(new sqlite.DatabaseSync(resolve(temporaryPath)), (database) => {
        // No second file beside the temporary one.
        database.exec('PRAGMA journal_mode = MEMORY');
        database.exec(CREATE);
        replaceRow(database, tokenSet);
      });
      return Promise.resolve();
    });
  } catch (error) {
    throw error instanceof TokenError ? error : writeFailure(path, error);
  }
}

function withDatabase(database: sqliteModule.DatabaseSync, work: (database: sqliteModule.DatabaseSync) => void): void {
  try {
    work(database);
  } finally {
    // What was not committed is rolled back.
    database.close();
  }
}

function replaceRow(database: sqliteModule.DatabaseSync, tokenSet: TokenSet): void {
  const row: Readonly<Record<string, sqliteModule.SQLInputValue>> = schwabdevRow(tokenSet);
  const names = Object.keys(row);
  const insert = `INSERT INTO schwabdev (${names.join(', ')}) VALUES (${names.map(() => '?').join(', ')})`;
  database.exec('BEGIN IMMEDIATE');
  database.exec('DELETE FROM schwabdev');
  database.prepare(insert).run(...Object.values(row));
  database.exec('COMMIT');
}

function hasTable(database: sqliteModule.DatabaseSync): boolean {
  const found = database.prepare("SELECT 1 FROM sqlite_master WHERE type = 'table' AND name = 'schwabdev'").get();
  return found !== undefined;
}

/** SQLite would play the log of a database that is gone into the new one. */
async function refuseLeftovers(path: string): Promise<void> {
  for (const leftover of [`${path}-journal`, `${path}-wal`]) {
    const isThere = await lstat(leftover).then(
      () => true,
      () => false,
    );
    if (isThere) throw notOurs(leftover, 'belongs to an earlier database');
  }
}

async function loadSqlite(path: string): Promise<typeof sqliteModule> {
  try {
    return await import('node:sqlite');
  } catch {
    throw new TokenError('format_unsuitable', `${path}: this Node.js has no SQLite; use version 22.13 or later`);
  }
}

/** Of SQLite's own messages nothing is passed on: they may quote what is in the file. */
function resultCode(error: unknown): number | undefined {
  const known = error instanceof Error && 'errcode' in error && typeof error.errcode === 'number';
  return known ? Number(error.errcode) & 0xff : undefined;
}

function readFailure(path: string, error: unknown): TokenError {
  const code = resultCode(error);
  switch (code) {
    case SQLITE_CORRUPT:
    case SQLITE_NOTADB:
      return invalid(path, 'the database is damaged; log in again');
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
      return unreadable(path, 'another program is writing to it just now; try again');
    case SQLITE_CANTOPEN:
    case SQLITE_READONLY:
      return unreadable(path, 'it was not closed, or this user may not read it; start and end Schwabdev once');
    case undefined:
    default:
      return unreadable(path, `SQLite refused (code ${code ?? 'unknown'})`);
  }
}

function writeFailure(path: string, error: unknown): TokenError {
  const code = resultCode(error);
  const failed = (reason: string) => new TokenError('token_save_failed', `could not save ${path}: ${reason}`);
  switch (code) {
    case undefined:
      return saveFailure(path, error);
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
      return failed('another program is writing to it just now; try again');
    case SQLITE_FULL:
      return failed('no space left on the disk; free some space');
    case SQLITE_CANTOPEN:
    case SQLITE_READONLY:
      return failed('permission denied; let this user write to it and to its folder');
    default:
      return failed(`SQLite refused (code ${code}); name another file`);
  }
}

function notOurs(path: string, what: string): TokenError {
  return new TokenError('file_exists', `${path} ${what} and is not overwritten: move it, or name another file`);
}

function invalid(path: string, detail: string): TokenError {
  return new TokenError('token_file_invalid', `${path} is not a token file: ${detail}`);
}

function unreadable(path: string, reason: string): TokenError {
  return new TokenError('token_file_unreadable', `could not read ${path}: ${reason}`);
}
