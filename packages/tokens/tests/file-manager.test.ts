import { chmod, chown, mkdir, readFile, readdir, rm, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { asOrdinaryUser } from '../../../tests/rigs/ordinary-user.ts';
import { TokenManager, fileStore, readTokenFile, type RefreshFunction } from '../src/index.ts';
import { temporaryFolder } from './temporary-folder.ts';

const LOGIN = 1_762_983_055;
const NOW_MS = (LOGIN + 3600) * 1000;
const FILE = {
  creation_timestamp: LOGIN,
  token: { access_token: 'old', refresh_token: 'r1', expires_at: LOGIN + 3600, expires_in: 1800, theirs: 'kept' },
  note: 'kept',
};
const refresh: RefreshFunction = () => Promise.resolve({ accessToken: 'new', expiresInSeconds: 1800, idToken: 'i2' });

async function tokenFile(content: unknown = FILE, mode = 0o600): Promise<string> {
  const path = join(await temporaryFolder(), 'schwab_tokens.json');
  await put(path, content, mode);
  return path;
}

async function put(path: string, content: unknown, mode = 0o600): Promise<void> {
  await writeFile(path, typeof content === 'string' ? content : JSON.stringify(content));
  await chmod(path, mode);
}

const managerOf = (path: string): TokenManager =>
  new TokenManager({ store: fileStore(path), refresh, nowMs: () => NOW_MS });
const jsonOf = async (path: string): Promise<unknown> => JSON.parse(await readFile(path, 'utf8')) as unknown;

describe('a manager on a file', () => {
  test('refreshes it, and all that is not of the refresh stays', async () => {
    const path = await tokenFile();
    expect(await managerOf(path).getValidAccessToken()).toBe('new');
    expect(await jsonOf(path)).toEqual({
      creation_timestamp: LOGIN,
      token: {
        access_token: 'new',
        refresh_token: 'r1',
        id_token: 'i2',
        expires_at: LOGIN + 5400,
        expires_in: 1800,
        theirs: 'kept',
      },
      note: 'kept',
    });
  });

  test('members that others added while it ran are kept', async () => {
    const path = await tokenFile();
    const manager = managerOf(path);
    await manager.load();
    await put(path, { ...FILE, added: true });
    await manager.refreshNow();
    expect(await jsonOf(path)).toMatchObject({ added: true, note: 'kept', token: { access_token: 'new' } });
  });

  test('keeps the form that the file has', async () => {
    const path = await tokenFile({
      access_token: 'old',
      refresh_token: 'r1',
      expires_at: '2025-01-01T00:00:00Z',
      mine: 1,
    });
    await managerOf(path).getValidAccessToken();
    expect(await jsonOf(path)).toMatchObject({ access_token: 'new', expires_at: '2025-11-12T23:00:55.000Z', mine: 1 });
  });

  test("a file that is not there is made at the first save, in schwab-py's form", async () => {
    const path = join(await temporaryFolder(), 'new.json');
    const manager = managerOf(path);
    expect(await manager.load()).toBeUndefined();
    await expect(manager.getValidAccessToken()).rejects.toMatchObject({ code: 'token_not_found' });
    await manager.set({ accessToken: 'a', loginAtMs: LOGIN * 1000 });
    expect(await jsonOf(path)).toEqual({ creation_timestamp: LOGIN, token: { access_token: 'a' } });
    expect((await stat(path)).mode & 0o777).toBe(0o600);
  });

  test('a broken file is an error of load, and is left as it is', async () => {
    const path = await tokenFile('{"token":');
    await expect(managerOf(path).load()).rejects.toMatchObject({ code: 'token_file_invalid' });
    await expect(managerOf(path).getValidAccessToken()).rejects.toMatchObject({ code: 'token_file_invalid' });
    expect(await readFile(path, 'utf8')).toBe('{"token":');
  });

  test('load removes what a killed save left', async () => {
    const path = await tokenFile();
    await put(join(path, '..', '.schwab_tokens.json.0123456789abcdef.tmp'), 'torn');
    await managerOf(path).load();
    expect(await readdir(join(path, '..'))).toEqual(['schwab_tokens.json']);
  });

  test('clear removes the file, and once more is no error', async () => {
    const path = await tokenFile();
    const manager = managerOf(path);
    await manager.load();
    await manager.clear();
    await manager.clear();
    expect(await readdir(join(path, '..'))).toEqual([]);
  });
});

describe('when the file changes under a manager', () => {
  const login = {
    creation_timestamp: LOGIN + 60,
    token: { access_token: 'login', refresh_token: 'r2', expires_at: LOGIN },
  };

  test.each([
    ['adopted', 'login', 'a newer login', login],
    [
      'adopted',
      'theirs',
      'a later token of the same login',
      { ...FILE, token: { ...FILE.token, access_token: 'theirs', expires_at: LOGIN + 9999 } },
    ],
    [
      'older',
      'old',
      'an older login',
      { creation_timestamp: LOGIN - 1, token: { access_token: 'x', refresh_token: 'r0', expires_at: LOGIN + 9999 } },
    ],
    [
      'no_refresh_token',
      'old',
      'a newer login without a refresh token',
      { creation_timestamp: LOGIN + 60, token: { access_token: 'x', expires_at: LOGIN + 9999 } },
    ],
    [
      'unknown_login',
      'old',
      'another login of unknown time',
      { access_token: 'x', refresh_token: 'r2', expires_at: '2026-01-01T00:00:00Z' },
    ],
    ['future_login', 'old', 'a login of next year', { ...login, creation_timestamp: LOGIN + 365 * 86_400 }],
    ['unchanged', 'old', 'the same set in other words', JSON.stringify(FILE, undefined, 8)],
    ['invalid', 'old', 'half a file', '{"token":{"access_to'],
  ])('%s: it holds "%s" after %s', async (verdict, held, _what, content) => {
    const path = await tokenFile();
    const manager = managerOf(path);
    await manager.load();
    await put(path, content);
    expect([await manager.adoptIfNewer(), manager.getAccessToken()]).toEqual([verdict, held]);
    expect(manager.getLastReadError()?.code).toBe(verdict === 'invalid' ? 'token_file_invalid' : undefined);
  });

  test('a newer login that others can read is refused by name, and still not overwritten', async () => {
    const path = await tokenFile();
    const manager = managerOf(path);
    await manager.load();
    await put(path, login, 0o644);
    expect(await manager.adoptIfNewer()).toBe('invalid');
    expect(manager.getLastReadError()?.message).toContain(`chmod 600 ${path}`);
    expect(await manager.refreshNow()).toMatchObject({
      status: 'refreshed_not_saved',
      tokenSet: { accessToken: 'new' },
      error: { code: 'newer_login_on_disk' },
    });
    expect([manager.isSaved(), await jsonOf(path)]).toEqual([false, login]);

    await chmod(path, 0o600);
    expect([await manager.adoptIfNewer(), manager.getAccessToken(), manager.isSaved()]).toEqual([
      'adopted',
      'login',
      true,
    ]);
  });

  test.each([
    ['has no refresh token', { creation_timestamp: LOGIN + 60, token: { access_token: 'x' } }],
    ['is of next year', { ...login, creation_timestamp: LOGIN + 365 * 86_400 }],
    ['is of unknown time', { token: { ...login.token, expires_at: LOGIN + 365 * 86_400 } }],
  ])('a login that %s is overwritten by the next save, because ours was accepted', async (_what, content) => {
    const path = await tokenFile();
    const manager = managerOf(path);
    await manager.load();
    await put(path, content);
    expect((await manager.refreshNow()).status).toBe('refreshed');
    expect(await jsonOf(path)).toMatchObject({
      creation_timestamp: LOGIN,
      token: { access_token: 'new', refresh_token: 'r1' },
    });
  });

  test('once the login that is held is over, an older one in the file is taken over, but not while ours is not saved', async () => {
    const older = { creation_timestamp: LOGIN - 60, token: { access_token: 'x', refresh_token: 'r0' } };
    const path = await tokenFile();
    const manager = managerOf(path);
    await manager.load();
    await put(path, login, 0o644);
    // Of the login that others can read, only the time is looked at: enough for ours not to be saved over it.
    expect((await manager.refreshNow()).status).toBe('refreshed_not_saved');
    await put(path, older);
    expect(await manager.adoptIfNewer({ isHeldOver: true })).toBe('older');
    await manager.saveAgain();
    await put(path, older);
    expect(await manager.adoptIfNewer()).toBe('older');
    expect([await manager.adoptIfNewer({ isHeldOver: true }), manager.getRefreshToken()]).toEqual(['adopted', 'r0']);
  });

  test('a login time in the future is not lost: the clock may be what is wrong', async () => {
    const path = await tokenFile({ ...FILE, creation_timestamp: LOGIN + 365 * 86_400 });
    let nowMs = NOW_MS;
    const manager = new TokenManager({ store: fileStore(path), refresh, nowMs: () => nowMs });
    await manager.load();
    await manager.refreshNow();
    expect(await jsonOf(path)).toMatchObject({ creation_timestamp: LOGIN + 365 * 86_400 });
    nowMs += 3_600_000;
    await put(path, login);
    expect(await manager.adoptIfNewer()).toBe('older');
    await put(path, { ...login, creation_timestamp: Math.floor(nowMs / 1_000) - 60 });
    expect([await manager.adoptIfNewer(), manager.getRefreshToken()]).toEqual(['adopted', 'r2']);
  });

  test('a file that broke is replaced by the next save', async () => {
    const path = await tokenFile();
    const manager = managerOf(path);
    await manager.load();
    await put(path, '{"token":');
    expect((await manager.refreshNow()).status).toBe('refreshed');
    expect(await jsonOf(path)).toMatchObject({ creation_timestamp: LOGIN, token: { access_token: 'new' } });
  });

  test('a file that was removed is unchanged, and the next save makes it again', async () => {
    const path = await tokenFile();
    const manager = managerOf(path);
    await manager.load();
    await rm(path);
    expect(await manager.adoptIfNewer()).toBe('unchanged');
    expect(manager.getAccessToken()).toBe('old');
    await manager.refreshNow();
    expect(await jsonOf(path)).toMatchObject({ creation_timestamp: LOGIN, token: { access_token: 'new' } });
  });
});

describe('copies', () => {
  test('a backup holds everything, is private, and never overwrites a file', async () => {
    const path = await tokenFile();
    const manager = managerOf(path);
    await manager.load();
    await manager.backup(`${path}.backup`);
    expect(await jsonOf(`${path}.backup`)).toEqual(FILE);
    expect((await stat(`${path}.backup`)).mode & 0o777).toBe(0o600);
    await expect(manager.backup(`${path}.backup`)).rejects.toMatchObject({ code: 'file_exists' });
    await expect(manager.backup(path)).rejects.toMatchObject({ code: 'file_exists' });
  });

  test('without tokens there is nothing to copy', async () => {
    const path = join(await temporaryFolder(), 'none.json');
    await expect(managerOf(path).backup(`${path}.backup`)).rejects.toMatchObject({ code: 'token_not_found' });
  });

  test('a migration to the flat form says what it loses, and back again loses no more', async () => {
    const path = await tokenFile();
    const flat = `${path}.flat`;
    const report = await managerOf(path).migrate(flat, 'flat');
    expect(report).toEqual({
      path: flat,
      format: 'flat',
      lost: [expect.stringContaining('creation_timestamp'), expect.stringContaining('note')],
    });
    expect(await managerOf(flat).migrate(`${path}.again`, 'schwab-py')).toMatchObject({ lost: [] });
    expect(await jsonOf(`${path}.again`)).toEqual({ token: FILE.token });
  });

  test('a file can be converted where it is, and stays in its new form', async () => {
    const path = await tokenFile();
    const manager = managerOf(path);
    await manager.migrate(path, 'flat');
    expect((await readTokenFile(path)).format).toBe('flat');
    await manager.refreshNow();
    expect(await readTokenFile(path)).toMatchObject({ format: 'flat', tokenSet: { accessToken: 'new' } });
    expect(manager.get()?.loginAtMs).toBe(LOGIN * 1000);
  });

  test('a migration does not overwrite another file', async () => {
    const path = await tokenFile();
    await put(`${path}.other`, 'precious');
    await expect(managerOf(path).migrate(`${path}.other`, 'flat')).rejects.toMatchObject({ code: 'file_exists' });
    expect(await readFile(`${path}.other`, 'utf8')).toBe('precious');
  });
});

describe('the owner of the file', () => {
  test('stays the same when it is saved, as far as the system allows', async () => {
    const path = await tokenFile();
    const isRoot = process.geteuid?.() === 0;
    if (isRoot) await chown(path, 12_345, 12_345);
    const before = await stat(path);
    await managerOf(path).getValidAccessToken();
    expect(await stat(path)).toMatchObject({ uid: before.uid, gid: before.gid });
  });

  test('is that of the folder for a new file, as far as the system allows', async () => {
    const folder = join(await temporaryFolder(), 'home');
    await mkdir(folder);
    const path = join(folder, 'schwab_tokens.json');
    if (process.geteuid?.() === 0) await chown(folder, 12_345, 12_346);
    const expected = await stat(folder);
    await managerOf(path).set({ accessToken: 'made-up', refreshToken: 'made-up-refresh' });
    expect(await stat(path)).toMatchObject({ uid: expected.uid, gid: expected.gid, mode: 0o100_600 });
  });

  test('is us, if we may not give files away', async () => {
    const path = await tokenFile();
    await chmod(path, 0o644);
    await chmod(join(path, '..'), 0o777);
    const store = fileStore(path, { refuseOpenFile: false });
    await asOrdinaryUser([], () => new TokenManager({ store, refresh, nowMs: () => NOW_MS }).getValidAccessToken());
    expect(await jsonOf(path)).toMatchObject({ token: { access_token: 'new' } });
  });
});
