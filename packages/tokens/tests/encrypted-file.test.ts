import { chmod, readFile, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import {
  encryptionKeyId,
  fileStore,
  importTokens,
  readTokenFile,
  TokenManager,
  type FileEncryption,
  type RefreshFunction,
  type TokenErrorCode,
} from '../src/index.ts';
import { temporaryFolder } from './temporary-folder.ts';

const KEY = new Uint8Array(32).fill(7);
const OTHER_KEY = new Uint8Array(32).fill(8);
const LOGIN = 1_762_983_055;
const FILE = {
  creation_timestamp: LOGIN,
  token: { access_token: 'SECRET-a', refresh_token: 'SECRET-r', expires_at: LOGIN + 3600, theirs: 'kept' },
  note: 'kept',
};
const refresh: RefreshFunction = () => Promise.resolve({ accessToken: 'SECRET-new', expiresInSeconds: 1800 });

async function plainFile(content: unknown = FILE): Promise<string> {
  const path = join(await temporaryFolder(), 'schwab_tokens.json');
  await writeFile(path, typeof content === 'string' ? content : JSON.stringify(content), { mode: 0o600 });
  return path;
}

async function encryptedFile(content: unknown = FILE): Promise<string> {
  const path = await plainFile(content);
  await managerOf(path, { key: KEY, write: true }).rewrite();
  return path;
}

function managerOf(path: string, encryption?: FileEncryption): TokenManager {
  const store = fileStore(path, encryption === undefined ? {} : { encryption });
  return new TokenManager({ store, refresh, nowMs: () => LOGIN * 1000 });
}

const textOf = (path: string): Promise<string> => readFile(path, 'utf8');

/** The error, which must name the file and hold nothing of its content. */
async function refusal(work: Promise<unknown>, code: TokenErrorCode): Promise<string> {
  const error: unknown = await work.catch((reason: unknown) => reason);
  expect(error).toMatchObject({ name: 'TokenError', code });
  const { message, cause } = error as Error;
  expect(message).toContain('schwab_tokens.json');
  expect(`${message} ${String(cause)}`).not.toContain('SECRET');
  return message;
}

describe('with encryption on', () => {
  test('a plain file is read, and the next save encrypts it', async () => {
    const path = await plainFile();
    const manager = managerOf(path, { key: KEY, write: true });
    await manager.load();
    expect(await textOf(path)).toContain('SECRET');
    await manager.refreshNow();
    expect(await textOf(path)).not.toMatch(/SECRET|kept|creation_timestamp/);
    expect((await stat(path)).mode & 0o777).toBe(0o600);
    expect(await readTokenFile(path, { encryptionKey: KEY })).toMatchObject({
      isEncrypted: true,
      format: 'schwab-py',
      tokenSet: { accessToken: 'SECRET-new', loginAtMs: LOGIN * 1000, otherMembers: { file: { note: 'kept' } } },
    });
  });

  test('a new file is encrypted from the first save', async () => {
    const path = join(await temporaryFolder(), 'schwab_tokens.json');
    await managerOf(path, { key: KEY, write: true }).set({ accessToken: 'SECRET' });
    expect(await textOf(path)).not.toContain('SECRET');
  });

  test('every save is encrypted anew, in the form that the file had', async () => {
    const path = await encryptedFile({ access_token: 'SECRET', refresh_token: 'SECRET', expires_at: LOGIN });
    const before = await textOf(path);
    await managerOf(path, { key: KEY, write: true }).setAccessToken('SECRET', LOGIN * 1000);
    expect(await textOf(path)).not.toBe(before);
    expect(await readTokenFile(path, { encryptionKey: KEY })).toMatchObject({ format: 'flat' });
  });

  test('a newer login in plain, as another program leaves it, is adopted', async () => {
    const path = await encryptedFile();
    const manager = managerOf(path, { key: KEY, write: true });
    await manager.load();
    await writeFile(path, JSON.stringify({ ...FILE, creation_timestamp: LOGIN + 9 }));
    expect(await manager.adoptIfNewer()).toBe('adopted');
  });

  test('a backup is encrypted too, and can be imported with the key', async () => {
    const path = await encryptedFile();
    await managerOf(path, { key: KEY, write: true }).backup(`${path}.backup`);
    expect(await textOf(`${path}.backup`)).not.toContain('SECRET');
    await refusal(importTokens(`${path}.backup`), 'token_file_encrypted');
    const { tokenSet } = await importTokens(`${path}.backup`, { encryptionKey: KEY });
    expect(tokenSet).toMatchObject({ refreshToken: 'SECRET-r', loginAtMs: LOGIN * 1000 });
  });

  test('a migration in place stays encrypted, and one to another file is plain', async () => {
    const path = await encryptedFile();
    const manager = managerOf(path, { key: KEY, write: true });
    await manager.migrate(path, 'flat');
    expect(await textOf(path)).not.toContain('SECRET');
    await manager.migrate(`${path}.plain`, 'schwab-py');
    expect(await readTokenFile(`${path}.plain`)).toMatchObject({ isEncrypted: false });
  });
});

describe('rewrite', () => {
  test('turns encryption on at once, and then has nothing to do', async () => {
    const path = await plainFile();
    const manager = managerOf(path, { key: KEY, write: true });
    expect(await manager.rewrite()).toBe(true);
    const text = await textOf(path);
    expect(text).not.toContain('SECRET');
    expect([await manager.rewrite(), await textOf(path)]).toEqual([false, text]);
  });

  test('turns encryption off again, and everything is there', async () => {
    const path = await encryptedFile();
    const manager = managerOf(path, { key: KEY, write: false });
    expect([await manager.rewrite(), await manager.rewrite()]).toEqual([true, false]);
    expect(JSON.parse(await textOf(path))).toEqual(FILE);
  });

  test('without a file there is nothing to convert', async () => {
    const path = join(await temporaryFolder(), 'none.json');
    expect(await managerOf(path, { key: KEY, write: true }).rewrite()).toBe(false);
  });

  test('converts no broken file', async () => {
    const path = await plainFile('{"token":');
    await refusal(managerOf(path, { key: KEY, write: true }).rewrite(), 'token_file_invalid');
    expect(await textOf(path)).toBe('{"token":');
  });
});

describe('an encrypted file without its key is never lost', () => {
  test.each([
    ['no key', undefined, 'token_file_encrypted', /set token_file_key to the file of the key /],
    ['another key', { key: OTHER_KEY, write: true }, 'token_file_key_wrong', /token_file_key is [0-9a-f]{8}/],
    ['another key to read with', { key: OTHER_KEY, write: false }, 'token_file_key_wrong', /token_file_key is/],
  ] as const)('%s: it is neither read nor overwritten', async (_what, encryption, code, message) => {
    const path = await encryptedFile();
    const before = await textOf(path);
    const manager = managerOf(path, encryption);
    expect(await refusal(manager.load(), code)).toMatch(message);
    expect(await refusal(manager.rewrite(), code)).toContain(encryptionKeyId(KEY));
    await refusal(manager.set({ accessToken: 'SECRET', refreshToken: 'SECRET', loginAtMs: (LOGIN + 9) * 1000 }), code);
    expect(manager.isSaved()).toBe(false);
    expect(await manager.refreshNow()).toMatchObject({ status: 'refreshed_not_saved', error: { code } });
    await refusal(manager.saveAgain(), code);
    expect(await textOf(path)).toBe(before);
  });

  test('nor by a save that says wrongly that the file was just read', async () => {
    const path = await encryptedFile();
    const before = await textOf(path);
    const store = fileStore(path, { encryption: { key: OTHER_KEY, write: true } });
    const save = () => store.write({ accessToken: 'SECRET' }, { isJustRead: true });
    await refusal(save(), 'token_file_key_wrong');
    // Of a file that others can read, a usual reading learns no more than that.
    await chmod(path, 0o644);
    await refusal(store.read(), 'token_file_too_open');
    await refusal(save(), 'token_file_key_wrong');
    expect(await textOf(path)).toBe(before);
  });

  test('a file of a later version is not overwritten either', async () => {
    const path = await plainFile({ token_relay_encrypted: 2, cipher: 'aes-256-gcm' });
    const manager = managerOf(path, { key: KEY, write: true });
    expect(await refusal(manager.set({ accessToken: 'SECRET' }), 'token_file_encrypted')).toContain('version');
    expect(await textOf(path)).toContain('"token_relay_encrypted":2');
  });

  test('what could not be saved is saved when the right file is there', async () => {
    const path = await encryptedFile();
    const manager = managerOf(path, { key: OTHER_KEY, write: true });
    await refusal(manager.set({ accessToken: 'SECRET', loginAtMs: (LOGIN + 9) * 1000 }), 'token_file_key_wrong');
    await writeFile(path, JSON.stringify(FILE));
    await manager.saveAgain();
    expect(await readTokenFile(path, { encryptionKey: OTHER_KEY })).toMatchObject({ isEncrypted: true });
  });
});

test.each([
  ['torn', (text: string) => text.slice(0, -20)],
  ['altered', (text: string) => text.replace(/"data":"(.)/, (_, first) => `"data":"${first === 'A' ? 'B' : 'A'}`)],
])('a file that is %s is invalid, and says no more', async (_what, damage) => {
  const path = await encryptedFile();
  await writeFile(path, damage(await textOf(path)));
  await refusal(managerOf(path, { key: KEY, write: true }).load(), 'token_file_invalid');
});

test('an encrypted file that others can read is refused like any other', async () => {
  const path = await encryptedFile();
  await chmod(path, 0o644);
  await refusal(managerOf(path, { key: KEY, write: true }).load(), 'token_file_too_open');
});

test('a key of another length is refused before it can do harm', () => {
  const encryption = { key: new Uint8Array(16), write: true };
  expect(() => fileStore('/nowhere', { encryption })).toThrow(expect.objectContaining({ code: 'key_file_invalid' }));
});
