import { chmod, readFile, readdir, stat, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { asOrdinaryUser } from '../../../tests/rigs/ordinary-user.ts';
import { encryptionKeyId, generateEncryptionKey, readEncryptionKey } from '../src/index.ts';
import { temporaryFolder } from './temporary-folder.ts';

const KEY = Uint8Array.from({ length: 32 }, (_, index) => index * 8);
const HEX = Buffer.from(KEY).toString('hex');
const BASE64 = Buffer.from(KEY).toString('base64');

async function fileWith(content: string | Uint8Array, mode = 0o600): Promise<string> {
  const path = join(await temporaryFolder(), 'token_file_key');
  await writeFile(path, content);
  await chmod(path, mode);
  return path;
}

async function refusal(path: string, credentialsFolder?: string): Promise<string> {
  const error: unknown = await readEncryptionKey(path, { credentialsFolder }).catch((reason: unknown) => reason);
  expect(error).toMatchObject({ name: 'TokenError', code: 'key_file_invalid', retryable: false });
  const { message, cause } = error as Error;
  expect(message).toContain(path);
  expect(`${message} ${String(cause)}`).not.toMatch(/SECRET|0008101820/);
  return message;
}

test.each([
  ['hex', HEX],
  ['hex in capitals and a newline', `${HEX.toUpperCase()}\n`],
  ['base64', `${BASE64}\n`],
  ['base64 without padding', BASE64.replace('=', '')],
  ['base64 for addresses', Buffer.from(KEY).toString('base64url')],
  ['raw bytes', KEY],
])('a key is read as %s', async (_what, content) => {
  expect(Buffer.from(await readEncryptionKey(await fileWith(content)))).toEqual(Buffer.from(KEY));
});

test.each([
  ['nothing', ''],
  ['half a key', HEX.slice(0, 32)],
  ['a password', 'SECRET'],
  ['a password of 32 characters', 'SECRET'.padEnd(32, '.')],
  ['one byte less', KEY.subarray(1)],
  ['one byte more', Buffer.concat([KEY, KEY.subarray(0, 1)])],
  ['more than any key', Buffer.alloc(2 * 1024 * 1024)],
])('%s is no key', async (_what, content) => {
  expect(await refusal(await fileWith(content))).toMatch(/make a new key|a key has 32/);
});

test('a key that others can read is refused with the command to run', async () => {
  const path = await fileWith(HEX, 0o640);
  expect(await refusal(path)).toContain(`(mode 0640): run chmod 600 ${path}`);
  expect(await refusal(path, join(path, '..').slice(0, -1))).toContain('chmod 600');
});

test("but not in systemd's folder of credentials, whose access lists look like that", async () => {
  const path = await fileWith(HEX, 0o440);
  expect(await readEncryptionKey(path, { credentialsFolder: join(path, '..') })).toHaveLength(32);
});

test('a key file that is missing, unreadable or none is said to be so', async () => {
  const folder = await temporaryFolder();
  expect(await refusal(join(folder, 'missing'))).toContain('does not exist');
  expect(await refusal(folder)).toContain('it is a folder');
  await symlink('circle', join(folder, 'circle'));
  expect(await refusal(join(folder, 'circle'))).toContain('ELOOP');
  const path = await fileWith(HEX, 0o000);
  expect(await asOrdinaryUser([], () => refusal(path))).toContain('EACCES');
});

test('a new key is read again, is private whatever the umask, and is not the last one', async () => {
  const folder = await temporaryFolder();
  const umask = process.umask(0);
  try {
    const key = await generateEncryptionKey(join(folder, 'one'));
    expect(encryptionKeyId(await readEncryptionKey(join(folder, 'one')))).toBe(encryptionKeyId(key));
    expect((await stat(join(folder, 'one'))).mode & 0o777).toBe(0o600);
    expect(encryptionKeyId(await generateEncryptionKey(join(folder, 'two')))).not.toBe(encryptionKeyId(key));
  } finally {
    process.umask(umask);
  }
});

test('a key is never overwritten, not even through a link', async () => {
  const path = await fileWith(HEX);
  await symlink('token_file_key', `${path}.link`);
  for (const each of [path, `${path}.link`]) {
    await expect(generateEncryptionKey(each)).rejects.toMatchObject({ code: 'file_exists' });
  }
  expect(await readFile(path, 'utf8')).toBe(HEX);
});

test('a key that cannot be saved leaves nothing and says why', async () => {
  const folder = await temporaryFolder();
  await expect(generateEncryptionKey(join(folder, 'missing', 'key'))).rejects.toMatchObject({
    code: 'token_save_failed',
    message: expect.stringMatching(/does not exist \(ENOENT\); create it/) as string,
  });
  expect(await readdir(folder)).toEqual([]);
});
