import { execFileSync } from 'node:child_process';
import { chmod, mkdir, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { asOrdinaryUser } from '../../../tests/rigs/ordinary-user.ts';
import { readTokenFile } from '../src/token-file.ts';
import { temporaryFolder } from './temporary-folder.ts';

const GOOD =
  '{"creation_timestamp":1762983055,"token":{"access_token":"SECRET","refresh_token":"SECRET","expires_at":1762984855}}';

async function fileWith(content: string | Uint8Array, mode = 0o600): Promise<string> {
  const path = join(await temporaryFolder(), 'schwab_tokens.json');
  await writeFile(path, content);
  await chmod(path, mode);
  return path;
}

/** The error of reading this, which must name the file and keep its content to itself. */
async function refusal(path: string): Promise<unknown> {
  const error = await readTokenFile(path).then(
    () => undefined,
    (reason: unknown) => reason,
  );
  expect(error).toBeInstanceOf(Error);
  const { message, cause } = error as Error;
  expect(message).toContain(path);
  expect(`${message} ${String(cause)}`).not.toContain('SECRET');
  return error;
}

test('a token file is read, also through a link', async () => {
  const path = await fileWith(GOOD);
  const link = `${path}.link`;
  await symlink(path, link);
  for (const each of [path, link]) {
    expect(await readTokenFile(each)).toMatchObject({
      format: 'schwab-py',
      tokenSet: { loginAtMs: 1_762_983_055_000 },
    });
  }
});

test('a file with a byte order mark is read', async () => {
  expect(await readTokenFile(await fileWith(`\uFEFF${GOOD}`))).toMatchObject({ format: 'schwab-py' });
});

test.each([
  ['empty', '', /it is empty/],
  ['torn', GOOD.slice(0, 50), /not valid JSON/],
  ['of wrong types', '{"token":{"access_token":["SECRET"]}}', /token\.access_token must be a string/],
  ['not UTF-8', new Uint8Array([0x7b, 0xff, 0xfe]), /not UTF-8/],
  ['larger than any token file', Buffer.alloc(1024 * 1024 + 1, 0x20), /it has 1048577 bytes/],
])('a file that is %s is invalid', async (_what, content, message) => {
  expect(await refusal(await fileWith(content))).toMatchObject({
    code: 'token_file_invalid',
    message: expect.stringMatching(message) as string,
  });
});

test('a file that does not exist is not found, with a hint to log in', async () => {
  const path = join(await temporaryFolder(), 'missing.json');
  expect(await refusal(path)).toMatchObject({
    code: 'token_not_found',
    message: expect.stringMatching(/log in/) as string,
  });
});

test.each([0o640, 0o604, 0o620, 0o601])('a file of mode %o is too open, with the command to run', async (mode) => {
  const path = await fileWith(GOOD, mode);
  expect(await refusal(path)).toMatchObject({
    code: 'token_file_too_open',
    message: expect.stringContaining(`(mode 0${mode.toString(8)}): run chmod 600 ${path}`) as string,
  });
  expect(await readTokenFile(path, { refuseOpenFile: false })).toMatchObject({ format: 'schwab-py' });
});

test('a file that this user may not read is unreadable', async () => {
  const path = await fileWith(GOOD, 0o000);
  expect(await asOrdinaryUser([], () => refusal(path))).toMatchObject({
    code: 'token_file_unreadable',
    retryable: true,
  });
});

test('a folder, a pipe that nobody writes to and links in a circle are unreadable, and nothing hangs', async () => {
  const folder = await temporaryFolder();
  await mkdir(join(folder, 'folder'));
  execFileSync('mkfifo', [join(folder, 'pipe')]);
  await symlink('circle', join(folder, 'circle'));
  for (const name of ['folder', 'pipe', 'circle']) {
    expect(await refusal(join(folder, name))).toMatchObject({ code: 'token_file_unreadable' });
  }
});
