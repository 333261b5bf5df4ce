import { chmod, lstat, mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { hasOwnSocket, remakeRuntimeFolder, runtimeFolder } from '../src/index.ts';

const uid = process.getuid?.() ?? 0;
let session: string;
let ours: string;
beforeEach(async () => {
  session = await mkdtemp(join(tmpdir(), 'session-'));
  ours = join(session, 'token-relay');
});
afterEach(() => rm(session, { recursive: true }));

const folder = (create: boolean, user = uid): string =>
  runtimeFolder({ env: { XDG_RUNTIME_DIR: session }, uid: user, create });

test("systemd's folder comes first, the first of a list", () => {
  const env = { RUNTIME_DIRECTORY: '/run/a:/run/b', XDG_RUNTIME_DIR: session };
  expect(runtimeFolder({ env, uid, create: true })).toBe('/run/a');
});

test('the folder in the session is made private, and found again', async () => {
  expect(folder(false)).toBe(ours);
  await expect(lstat(ours)).rejects.toThrow('ENOENT');
  expect(folder(true)).toBe(ours);
  expect((await lstat(ours)).mode & 0o777).toBe(0o700);
  expect(folder(true)).toBe(ours);
  expect(folder(false)).toBe(ours);
});

test.each([undefined, '', 'relative', '/nowhere/at/all'])('with %j for a session it is /tmp/token-relay-UID', (dir) => {
  expect(runtimeFolder({ env: { XDG_RUNTIME_DIR: dir }, uid: 4_000_000, create: false })).toBe(
    '/tmp/token-relay-4000000',
  );
});

test("another user's session, as after sudo, is not used", () => {
  expect(folder(false, 4_000_000)).toBe('/tmp/token-relay-4000000');
});

test.each([0o777, 0o770, 0o702])(
  'a folder that others can write to (%o) is refused, and the message says what to run',
  async (mode) => {
    await mkdir(ours);
    await chmod(ours, mode);
    for (const create of [true, false]) {
      expect(() => folder(create)).toThrow(`${ours}: others can write to the folder; run chmod 700 ${ours}`);
    }
  },
);

test('a link or a file in its place is refused', async () => {
  await symlink(tmpdir(), ours);
  expect(() => folder(true)).toThrow(`${ours}: this has to be a folder of its own`);
  await rm(ours);
  await writeFile(ours, '');
  expect(() => folder(true)).toThrow('this has to be a folder of its own');
});

test('a folder of another user is refused', async () => {
  const theirs = '/tmp/token-relay-4000001';
  await mkdir(theirs);
  try {
    expect(() => runtimeFolder({ env: {}, uid: 4_000_001, create: true })).toThrow(
      `${theirs}: the folder belongs to user ${uid}, not to this one (4000001); remove it`,
    );
  } finally {
    await rm(theirs, { recursive: true });
  }
});

test("a daemon of this user's own is there if its socket is, and a folder of others has none of ours", async () => {
  const isThere = (user = uid) => hasOwnSocket('api.sock', { env: { XDG_RUNTIME_DIR: session }, uid: user });
  expect(isThere()).toBe(false);
  await mkdir(ours, { mode: 0o700 });
  await writeFile(join(ours, 'api.sock'), '');
  expect(isThere()).toBe(true);
  expect(isThere(4_000_000)).toBe(false);
  await chmod(ours, 0o777);
  expect(isThere()).toBe(false);
});

test('one that was removed is made again, private as before; another is left to its owner', async () => {
  const env = { XDG_RUNTIME_DIR: session };
  await rm(folder(true), { recursive: true });
  remakeRuntimeFolder(ours, { env, uid });
  expect((await lstat(ours)).mode & 0o777).toBe(0o700);
  await rm(ours, { recursive: true });
  remakeRuntimeFolder(join(session, 'another'), { env, uid });
  remakeRuntimeFolder(ours, { env: { ...env, RUNTIME_DIRECTORY: '/run/a' }, uid });
  await expect(lstat(ours)).rejects.toThrow('ENOENT');
  await expect(lstat(join(session, 'another'))).rejects.toThrow('ENOENT');
});
