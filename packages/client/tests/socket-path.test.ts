import { chmodSync, mkdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { expect, onTestFinished, test, vi } from 'vitest';
import { asOrdinaryUser } from '../../../tests/rigs/ordinary-user.ts';
import type { AccessToken } from '../src/index.ts';
import { findSocketPath } from '../src/socket-path.ts';
import { TokenFollower } from '../src/token-follower.ts';
import { clientOf } from './client-of.ts';
import { MadeUpReceiver } from './made-up-receiver.ts';
import { temporaryFolder } from './temporary-folder.ts';

const uid = process.getuid?.() ?? -1;
const NOT_THERE = '/made-up/not-there/api.sock';

test('what the environment names comes first; named empty, it is not named', () => {
  const systemSocket = join(temporaryFolder(), 'api.sock');
  writeFileSync(systemSocket, '');
  const find = (named: string) => findSocketPath({ env: { TOKEN_RECEIVER_API_SOCKET_PATH: named }, uid, systemSocket });
  expect(find('/made-up/api.sock')).toEqual({ kind: 'usable', path: '/made-up/api.sock' });
  expect(find('')).toEqual({ kind: 'usable', path: systemSocket });
  expect(find('x'.repeat(108))).toMatchObject({ kind: 'unusable', problem: { code: 'socket_path_unusable' } });
});

test("then the machine's receiver, before one of this user", () => {
  const session = temporaryFolder();
  const systemSocket = join(temporaryFolder(), 'api.sock');
  const find = () => findSocketPath({ env: { XDG_RUNTIME_DIR: session }, uid, systemSocket });
  expect(find()).toEqual({ kind: 'usable', path: join(session, 'token-relay/api.sock') });
  writeFileSync(systemSocket, '');
  expect(find()).toEqual({ kind: 'usable', path: systemSocket });
});

test('a folder that this user may not look into counts as there: the error is `denied`, not a path nobody expects', async () => {
  const receiver = await MadeUpReceiver.started();
  chmodSync(dirname(receiver.path), 0);
  const find = () => findSocketPath({ env: {}, uid, systemSocket: receiver.path });
  await asOrdinaryUser([], async () => {
    expect(find()).toEqual({ kind: 'usable', path: receiver.path });
    const client = clientOf(receiver.path);
    await expect(client.getAccessToken({ timeoutMs: 50 })).rejects.toMatchObject({ code: 'denied' });
  });
});

test("an application's own RUNTIME_DIRECTORY is not the receiver's", () => {
  const session = temporaryFolder();
  expect(
    findSocketPath({
      env: { RUNTIME_DIRECTORY: '/run/my-bot', XDG_RUNTIME_DIR: session },
      uid,
      systemSocket: NOT_THERE,
    }),
  ).toEqual({ kind: 'usable', path: join(session, 'token-relay/api.sock') });
});

test("without a session of this user's: a folder in /tmp", () => {
  const file = join(temporaryFolder(), 'file');
  writeFileSync(file, '');
  const madeUpUid = 3_999_999_999;
  const inTmp = { kind: 'usable', path: `/tmp/token-relay-${madeUpUid}/api.sock` };
  for (const session of [undefined, '', 'relative', '/made-up/not-there', file, temporaryFolder()]) {
    const env = session === undefined ? {} : { XDG_RUNTIME_DIR: session };
    expect(findSocketPath({ env, uid: madeUpUid, systemSocket: NOT_THERE })).toEqual(inTmp);
  }
});

test('a folder in which another user could stand in for the receiver is refused, and named', () => {
  const session = temporaryFolder();
  const folder = join(session, 'token-relay');
  const find = (asUid = uid) =>
    findSocketPath({ env: { XDG_RUNTIME_DIR: session }, uid: asUid, systemSocket: NOT_THERE });
  const refusal = (words: RegExp) => ({
    kind: 'unusable',
    problem: { code: 'socket_path_unusable', message: expect.stringMatching(words) as string },
  });
  mkdirSync(folder);
  chmodSync(folder, 0o770);
  expect(find()).toEqual(refusal(/Others can write to .*run chmod 700/));
  chmodSync(folder, 0o750);
  expect(find()).toMatchObject({ kind: 'usable' });
  rmSync(folder, { recursive: true });
  symlinkSync('/tmp', folder);
  expect(find()).toEqual(refusal(/not a link or a file/));

  const strangers = '/tmp/token-relay-3999999998';
  mkdirSync(strangers);
  onTestFinished(() => rmSync(strangers, { recursive: true }));
  expect(find(3_999_999_998)).toEqual(refusal(/belongs to user/));
});

test('a refused folder is looked at again: mended, it is used without a restart', async () => {
  const session = temporaryFolder();
  const folder = join(session, 'token-relay');
  mkdirSync(folder);
  chmodSync(folder, 0o777);
  const receiver = await MadeUpReceiver.started(join(folder, 'api.sock'));
  receiver.hold('made-up-1');
  const { promise: token, resolve } = Promise.withResolvers<AccessToken>();
  const follower = new TokenFollower({
    socketPath: () => findSocketPath({ env: { XDG_RUNTIME_DIR: session }, uid, systemSocket: NOT_THERE }),
    onToken: resolve,
  });
  onTestFinished(() => follower.stop());
  expect(follower.state).toMatchObject({ kind: 'broken', problem: { code: 'socket_path_unusable' } });
  chmodSync(folder, 0o700);
  expect(await token).toMatchObject({ accessToken: 'made-up-1' });
});

test('a client that is given no path finds the one that the environment names', async () => {
  const receiver = await MadeUpReceiver.started();
  receiver.hold('made-up-1');
  vi.stubEnv('TOKEN_RECEIVER_API_SOCKET_PATH', receiver.path);
  onTestFinished(() => {
    vi.unstubAllEnvs();
  });
  expect(await clientOf().getAccessToken()).toBe('made-up-1');
});
