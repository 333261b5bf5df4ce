/** Schwabdev's database, and whatever else is named to `tokens import`: a real file, through the real reader. */
import { importTokens, readEncryptionKey, TokenError } from '@token-relay/tokens';
import fc from 'fast-check';
import { rmSync, writeFileSync } from 'node:fs';
import { DatabaseSync } from 'node:sqlite';
import { join } from 'node:path';
import { asBytes, timeValue, tokenText } from '../arbitraries.ts';
import { demandNoSecret, SECRET } from '../secrets.ts';
import type { FuzzTarget } from '../target.ts';
import { temporaryFolder } from '../temporary-folder.ts';
import { checkTokenSet, KEY, TOKEN_FILE_WORDS, tokenFileInputs } from './token-text.ts';

const COLUMNS = [
  'access_token_issued',
  'refresh_token_issued',
  'access_token',
  'refresh_token',
  'id_token',
  'expires_in',
  'token_type',
  'scope',
] as const;

type Cell = string | number | null;
const cell: fc.Arbitrary<Cell> = fc.oneof(
  tokenText,
  timeValue.map((value) => (typeof value === 'string' || typeof value === 'number' ? value : null)),
);

/** A database with the table, or one that is a little off. */
const database = fc
  .tuple(
    fc.array(cell, { minLength: COLUMNS.length, maxLength: COLUMNS.length }),
    fc.constantFrom(
      '',
      '',
      '',
      'DROP TABLE schwabdev',
      'DELETE FROM schwabdev',
      'ALTER TABLE schwabdev RENAME COLUMN access_token TO other',
      'PRAGMA encoding = "UTF-16"',
      'CREATE VIEW v AS SELECT * FROM schwabdev',
      'ALTER TABLE schwabdev RENAME TO v; CREATE VIEW schwabdev AS SELECT * FROM v',
    ),
  )
  .map(([row, change]) => {
    const made = new DatabaseSync(':memory:');
    try {
      made.exec(`CREATE TABLE schwabdev (${COLUMNS.join(', ')})`);
      made.prepare(`INSERT INTO schwabdev VALUES (${COLUMNS.map(() => '?').join(', ')})`).run(...row);
      if (change !== '') made.exec(change);
      return made.serialize();
    } finally {
      made.close();
    }
  });

export const tokenDatabase: FuzzTarget = {
  name: 'token-database',
  feeds: "`tokens import`: Schwabdev's database and every other form, from a file; the same bytes as a key file",
  inputs: fc.oneof(
    { weight: 3, arbitrary: database },
    { weight: 1, arbitrary: tokenFileInputs },
    { weight: 1, arbitrary: asBytes(fc.string({ minLength: 30, maxLength: 70 })) },
  ),
  dictionary: [
    'SQLite format 3\0',
    'schwabdev',
    'CREATE TABLE schwabdev',
    'CREATE VIEW schwabdev AS SELECT 1',
    'access_token',
    SECRET,
    ...TOKEN_FILE_WORDS,
  ],
  runs: { long: 8_000, short: 250 },
  maxBytes: 64 * 1024,
  isGuided: true,
  open: () => {
    const folder = temporaryFolder();
    const path = join(folder.path, 'tokens');
    return {
      async check(input) {
        // A new file each time: SQLite looks for the journal of the one before.
        writeFileSync(path, input, { mode: 0o600 });
        try {
          const imported = await orDocumented(() =>
            importTokens(path, { encryptionKey: KEY, nowMs: () => Date.UTC(2026, 2, 2) }),
          );
          if (imported !== undefined) {
            checkTokenSet(imported.tokenSet);
            demandNoSecret(imported.warnings.join('\n'), 'a warning');
          }
          await orDocumented(() => readEncryptionKey(path));
        } finally {
          rmSync(path, { force: true });
        }
      },
      close: folder.remove,
    };
  },
};

async function orDocumented<T>(read: () => Promise<T>): Promise<T | undefined> {
  try {
    return await read();
  } catch (error) {
    if (!(error instanceof TokenError)) throw error;
    demandNoSecret(error, `the error ${error.code}`);
    return undefined;
  }
}
