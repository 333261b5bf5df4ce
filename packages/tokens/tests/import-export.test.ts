import { execFileSync } from 'node:child_process';
import { chmod, readFile, readdir, stat, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { describe, expect, onTestFinished, test } from 'vitest';
import { asOrdinaryUser } from '../../../tests/rigs/ordinary-user.ts';
import {
  exportTokens,
  fileStore,
  formatEnvironment,
  importTokens,
  TokenManager,
  tokenSetFromEnvironment,
  type TokenErrorCode,
  type TokenFormat,
  type TokenSet,
} from '../src/index.ts';
import { temporaryFolder } from './temporary-folder.ts';

const LOGIN_MS = Date.UTC(2025, 10, 12, 21, 30, 55);
const WITHOUT_LOGIN: TokenSet = {
  accessToken: 'SECRET-a',
  refreshToken: 'SECRET-r',
  idToken: 'SECRET-i',
  tokenType: 'Bearer',
  scope: 'api',
  issuedAtMs: LOGIN_MS + 600_000,
  expiresAtMs: LOGIN_MS + 2_400_000,
};
const SET: TokenSet = { ...WITHOUT_LOGIN, loginAtMs: LOGIN_MS };
/** As schwabdev/tokens.py of version 3 makes it. */
const SCHWABDEV_TABLE = `CREATE TABLE IF NOT EXISTS schwabdev (access_token_issued TEXT NOT NULL,
  refresh_token_issued TEXT NOT NULL, access_token TEXT NOT NULL, refresh_token TEXT NOT NULL, id_token TEXT NOT NULL,
  expires_in INTEGER, token_type TEXT, scope TEXT);`;
const ROW = `INSERT INTO schwabdev VALUES ('2025-11-12T21:40:55.123456+00:00', '2025-11-12T21:30:55+00:00',
  'SECRET-a', 'SECRET-r', 'SECRET-i', 1800, 'Bearer', 'api');`;

const newPath = async (name: string): Promise<string> => join(await temporaryFolder(), name);

async function databaseOf(sql: string, mode = 0o600): Promise<string> {
  const path = await newPath('tokens.db');
  opened(path).exec(sql);
  await chmod(path, mode);
  return path;
}

function opened(path: string): DatabaseSync {
  const database = new DatabaseSync(path);
  onTestFinished(() => {
    if (database.isOpen) database.close();
  });
  return database;
}

async function refusal(work: Promise<unknown>, code: TokenErrorCode): Promise<string> {
  const error: unknown = await work.catch((reason: unknown) => reason);
  expect(error).toMatchObject({ name: 'TokenError', code });
  const { message, cause } = error as Error;
  expect(`${message} ${String(cause)}`).not.toContain('SECRET');
  return message;
}

describe('what is exported is what is imported', () => {
  test.each<[TokenFormat, TokenSet, string[]]>([
    ['schwab-py', SET, []],
    ['schwabdev-json', SET, []],
    ['schwabdev-db', SET, []],
    ['flat', WITHOUT_LOGIN, ['creation_timestamp (when the login ends will be unknown)']],
  ])('as %s, private and complete', async (format, tokenSet, lost) => {
    const path = await newPath('export');
    const umask = process.umask(0);
    const report = await exportTokens(SET, path, format, { overwrite: false }).finally(() => process.umask(umask));
    expect(report).toEqual({ path, format, lost });
    expect((await stat(path)).mode & 0o777).toBe(0o600);
    expect(await readdir(join(path, '..'))).toEqual(['export']);
    expect(await importTokens(path)).toEqual({
      format,
      tokenSet: { ...tokenSet, otherMembers: { file: {}, token: {} } },
      warnings: lost.map(() => expect.stringContaining('when the login was') as string),
    });
  });

  test('as variables, through a shell', () => {
    const tokenSet = { accessToken: `SECRET $(id) "\\'\`!~`, refreshToken: 'r', expiresAtMs: 5000, loginAtMs: 4000 };
    const script = `set -a; ${formatEnvironment(tokenSet, 'T_')} env -0`;
    const env = Object.fromEntries(
      execFileSync('sh', ['-c', script], { encoding: 'utf8' })
        .split('\0')
        .map((line) => [line.slice(0, line.indexOf('=')), line.slice(line.indexOf('=') + 1)]),
    );
    expect(tokenSetFromEnvironment(env, 'T_')).toEqual(tokenSet);
  });
});

describe('an import', () => {
  test("reads Schwabdev's database, also while Schwabdev has it open", async () => {
    const path = await databaseOf(`PRAGMA journal_mode = WAL; ${SCHWABDEV_TABLE} ${ROW}`);
    expect(await importTokens(path)).toEqual({
      format: 'schwabdev-db',
      warnings: [],
      tokenSet: {
        ...SET,
        issuedAtMs: LOGIN_MS + 600_123,
        expiresAtMs: LOGIN_MS + 2_400_123,
        otherMembers: { file: {}, token: {} },
      },
    });
  });

  test('of a file that others can read warns, with the command to run', async () => {
    const path = await databaseOf(SCHWABDEV_TABLE + ROW, 0o644);
    expect((await importTokens(path)).warnings).toEqual([expect.stringContaining(`run chmod 600 ${path}`)]);
    const json = await newPath('token.json');
    await writeFile(json, '{"creation_timestamp":5,"token":{"access_token":"SECRET"}}');
    await chmod(json, 0o604);
    expect((await importTokens(json)).warnings).toEqual([
      expect.stringContaining('(mode 0604)'),
      expect.stringContaining('no refresh token'),
    ]);
  });

  test('changes nothing of the file', async () => {
    const path = await databaseOf(SCHWABDEV_TABLE + ROW, 0o644);
    const before = [await readFile(path), (await stat(path)).mode];
    await importTokens(path);
    expect([await readFile(path), (await stat(path)).mode]).toEqual(before);
    expect(await readdir(join(path, '..'))).toEqual(['tokens.db']);
  });

  test.each([
    ['of something else', 'CREATE TABLE t (a); INSERT INTO t VALUES (1)', 'of something else'],
    ['without a login', SCHWABDEV_TABLE, 'its table is empty'],
    ['encrypted by Schwabdev', SCHWABDEV_TABLE + ROW.replaceAll("'SECRET-", "'enc:SECRET-"), "Schwabdev's own key"],
    [
      'with a time that is none',
      SCHWABDEV_TABLE + ROW.replace('2025-11-12T21:30', 'SECRET'),
      'refresh_token_issued must',
    ],
    ['without tokens', SCHWABDEV_TABLE + ROW.replaceAll(/'SECRET-./g, "'"), 'neither an access_token nor'],
    [
      'of another layout',
      'CREATE TABLE schwabdev (a); INSERT INTO schwabdev VALUES (1)',
      'neither an access_token nor',
    ],
  ])('refuses a database %s in words', async (_what, sql, message) => {
    const path = await databaseOf(sql);
    expect(await refusal(importTokens(path), 'token_file_invalid')).toMatch(new RegExp(`${path}.*${message}`));
  });

  test('refuses a torn database', async () => {
    const path = await databaseOf(SCHWABDEV_TABLE + ROW);
    const whole = await readFile(path);
    await writeFile(path, whole.subarray(0, 100));
    await refusal(importTokens(path), 'token_file_invalid');
    await writeFile(path, Buffer.concat([whole.subarray(0, 100), Buffer.alloc(whole.length - 100, 0xff)]));
    await refusal(importTokens(path), 'token_file_invalid');
  });

  test('does not wait for a lock, and says that trying again helps', async () => {
    const path = await databaseOf(SCHWABDEV_TABLE + ROW);
    opened(path).exec('BEGIN EXCLUSIVE');
    const error: unknown = await importTokens(path).catch((reason: unknown) => reason);
    expect(error).toMatchObject({ code: 'token_file_unreadable', retryable: true });
    expect(error).toHaveProperty('message', expect.stringContaining('another program is writing'));
  });

  test.each([
    ['not there', undefined, 'token_not_found', 'does not exist: correct the path'],
    ['torn', '{"token": {"access_token": "SECRET', 'token_file_invalid', 'edited by mistake?); name another file'],
    ['not text', Buffer.from([0xff, 0xfe]), 'token_file_invalid', 'not UTF-8 text; name another file'],
    ['too large', Buffer.alloc(1024 * 1024 + 1), 'token_file_invalid', 'bytes; name another file'],
  ] as const)(
    'of a file that is %s says what to do about it, and nothing of our own file',
    async (_what, content, code, words) => {
      const path = await newPath('source');
      if (content !== undefined) await writeFile(path, content);
      const message = await refusal(importTokens(path), code);
      expect(message).toContain(words);
      expect(message).not.toMatch(/log in|backup/);
    },
  );

  test('of a file that this user may not read says so', async () => {
    const path = await newPath('source');
    await writeFile(path, '{}', { mode: 0o200 });
    await asOrdinaryUser([], async () => {
      expect(await refusal(importTokens(path), 'token_file_unreadable')).toContain('(EACCES); let this user read it');
    });
  });

  test('leaves out a login time in the future, and says so', async () => {
    const path = await newPath('future.json');
    await exportTokens(SET, path, 'schwab-py', { overwrite: false });
    const at = (nowMs: number) => importTokens(path, { nowMs: () => nowMs });
    expect(await at(LOGIN_MS - 300_000)).toMatchObject({ tokenSet: { loginAtMs: LOGIN_MS }, warnings: [] });
    const { tokenSet, warnings } = await at(LOGIN_MS - 300_001);
    expect(tokenSet).not.toHaveProperty('loginAtMs');
    expect(tokenSet).toMatchObject({ refreshToken: 'SECRET-r' });
    expect(warnings).toEqual([
      expect.stringMatching(/future\.json says that the login was in the future, on 2025-11-12T21:30:55\.000Z, which/),
    ]);
  });
});

describe('an export', () => {
  test.each<TokenFormat>(['schwab-py', 'flat', 'schwabdev-json', 'schwabdev-db'])(
    'as %s overwrites a file only if it is asked to',
    async (format) => {
      const path = await newPath('export');
      await writeFile(path, 'precious');
      await refusal(exportTokens(SET, path, format, { overwrite: false }), 'file_exists');
      expect(await readFile(path, 'utf8')).toBe('precious');
      await exportTokens(SET, path, format, { overwrite: true });
      expect(await importTokens(path)).toMatchObject({ format, warnings: expect.any(Array) as unknown });
      expect((await stat(path)).mode & 0o777).toBe(0o600);
    },
  );

  test('reaches a Schwabdev that has its database open, through a link too', async () => {
    const path = await databaseOf(SCHWABDEV_TABLE + ROW, 0o644);
    await symlink('tokens.db', `${path}.link`);
    const schwabdev = opened(path).prepare('SELECT * FROM schwabdev');
    await exportTokens({ ...SET, accessToken: 'new' }, `${path}.link`, 'schwabdev-db', { overwrite: true });
    expect(schwabdev.all()).toMatchObject([
      { access_token: 'new', refresh_token_issued: '2025-11-12T21:30:55.000+00:00', expires_in: 1800 },
    ]);
    expect((await stat(path)).mode & 0o777).toBe(0o600);
  });

  test('does not touch a database while Schwabdev is refreshing', async () => {
    const path = await databaseOf(SCHWABDEV_TABLE + ROW);
    opened(path).exec('BEGIN EXCLUSIVE');
    const work = exportTokens(SET, path, 'schwabdev-db', { overwrite: true });
    expect(await refusal(work, 'token_save_failed')).toContain('try again');
  });

  test('never writes into a database of something else, whatever is asked', async () => {
    const path = await databaseOf('CREATE TABLE t (a); INSERT INTO t VALUES (1)');
    const before = await readFile(path);
    await refusal(exportTokens(SET, path, 'schwabdev-db', { overwrite: true }), 'file_exists');
    expect(await readFile(path)).toEqual(before);
  });

  test('rolls back when the table is of another layout', async () => {
    const path = await databaseOf('CREATE TABLE schwabdev (access_token); INSERT INTO schwabdev VALUES (1)');
    const before = await readFile(path);
    await refusal(exportTokens(SET, path, 'schwabdev-db', { overwrite: true }), 'token_save_failed');
    expect(await readFile(path)).toEqual(before);
  });

  test('does not put a database beside the log of an earlier one, which would be played into it', async () => {
    const path = await newPath('tokens.db');
    await writeFile(`${path}-wal`, '');
    const work = exportTokens(SET, path, 'schwabdev-db', { overwrite: false });
    expect(await refusal(work, 'file_exists')).toContain(`${path}-wal belongs to an earlier database`);
  });

  test('to a folder that is missing or may not be written says so', async () => {
    const path = await newPath('missing/tokens.db');
    const missing = exportTokens(SET, path, 'schwabdev-db', { overwrite: false });
    expect(await refusal(missing, 'token_save_failed')).toContain('create it');
    const folder = await temporaryFolder();
    await chmod(folder, 0o555);
    await asOrdinaryUser([], async () => {
      const denied = exportTokens(SET, join(folder, 'tokens.db'), 'schwabdev-db', { overwrite: false });
      expect(await refusal(denied, 'token_save_failed')).toContain('permission denied');
    });
  });

  test('for Schwabdev needs what Schwabdev cannot do without, because it would start a login', async () => {
    for (const format of ['schwabdev-json', 'schwabdev-db'] as const) {
      const work = exportTokens({ accessToken: 'SECRET', refreshToken: 'SECRET' }, '/nowhere', format, {
        overwrite: true,
      });
      expect(await refusal(work, 'format_unsuitable')).toContain('the time of the login');
    }
  });

  test('says what has no place in the form', async () => {
    const tokenSet = { ...SET, otherMembers: { file: { note: 1 }, token: { theirs: 1 } } };
    const { lost } = await exportTokens(tokenSet, await newPath('db'), 'schwabdev-db', { overwrite: false });
    expect(lost).toEqual([expect.stringContaining('note'), expect.stringContaining('theirs')]);
  });
});

describe('a manager', () => {
  test("does not take Schwabdev's database for its token file, and never overwrites it", async () => {
    const path = await databaseOf(SCHWABDEV_TABLE + ROW);
    const before = await readFile(path);
    const manager = new TokenManager({ store: fileStore(path) });
    expect(await refusal(manager.load(), 'format_unsuitable')).toContain('tokens import');
    await refusal(manager.set(SET), 'format_unsuitable');
    expect(await readFile(path)).toEqual(before);
  });

  test("keeps a file of Schwabdev's older form in that form", async () => {
    const path = await newPath('tokens.json');
    await exportTokens(SET, path, 'schwabdev-json', { overwrite: false });
    const manager = new TokenManager({ store: fileStore(path) });
    await manager.load();
    await manager.setAccessToken('new', LOGIN_MS + 5_000_000);
    expect(await importTokens(path)).toMatchObject({
      format: 'schwabdev-json',
      tokenSet: { accessToken: 'new', expiresAtMs: LOGIN_MS + 5_000_000, loginAtMs: LOGIN_MS },
    });
  });

  test('migrates to a database beside its file, but does not turn its file into one', async () => {
    const path = await newPath('schwab_tokens.json');
    const manager = new TokenManager({ store: fileStore(path) });
    await manager.set(SET);
    await manager.migrate(`${path}.db`, 'schwabdev-db');
    expect(await importTokens(`${path}.db`)).toMatchObject({ format: 'schwabdev-db', tokenSet: SET });
    await refusal(manager.migrate(path, 'schwabdev-db'), 'format_unsuitable');
    expect(await importTokens(path)).toMatchObject({ format: 'schwab-py', tokenSet: SET });
  });
});
