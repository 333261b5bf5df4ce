/** A stranger who listens where a token is delivered to: they get it in no way. Runs as root, against a user that is not there. */
import { chmodSync, chownSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { once } from 'node:events';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { describe, expect, onTestFinished, test } from 'vitest';
import { sendToken } from '@token-relay/socket';
import { plantLink, STRANGER } from '../crash/hostile-folder.ts';
import { Bench } from '../system/processes.ts';

/** Nobody has this number either. */
const OTHER = STRANGER + 1;
const OPTIONS = { timeoutMs: 5_000, expectReply: true };

function folder(path: string, mode: number, uid = 0): string {
  mkdirSync(path);
  chmodSync(path, mode);
  chownSync(path, uid, uid);
  return path;
}

function place(mode: number, uid = 0): string {
  const root = mkdtempSync(join(tmpdir(), 'target-'));
  onTestFinished(() => rmSync(root, { recursive: true }));
  chmodSync(root, 0o755);
  return folder(join(root, 'shared'), mode, uid);
}

/** Whoever listens there, as that user; `given` is what it was sent. */
async function listener(path: string, uid: number): Promise<{ readonly given: string[] }> {
  const given: string[] = [];
  const server = createServer((socket) => {
    given.push('a connection');
    socket.on('data', (bytes) => {
      given.push(bytes.toString());
      socket.end('OK');
    });
  });
  await once(server.listen(path), 'listening');
  onTestFinished(() => void server.close());
  chmodSync(path, 0o666);
  chownSync(path, uid, uid);
  return { given };
}

/** The path that a token is sent to, and where the stranger then listens. */
const ATTACKS: Readonly<Record<string, (shared: string) => { path: string; socket?: string }>> = {
  'a socket': (shared) => ({ path: join(shared, 'bot.sock') }),
  'a socket in a folder of their own': (shared) => ({ path: join(folder(join(shared, 'run'), 0o755, STRANGER), 's') }),
  'a link to a socket of their own': (shared) => {
    const socket = join(folder(join(dirname(shared), 'theirs'), 0o755, STRANGER), 's');
    plantLink(socket, join(shared, 'bot.sock'));
    return { path: join(shared, 'bot.sock'), socket };
  },
  'a link to a folder of their own': (shared) => {
    const theirs = folder(join(dirname(shared), 'theirs'), 0o755, STRANGER);
    plantLink(theirs, join(shared, 'run'));
    return { path: join(shared, 'run', 's') };
  },
};

const cases = [0o1777, 0o777].flatMap((mode) =>
  Object.entries(ATTACKS).map(([attack, plant]) => ({ attack, plant, mode, shown: mode.toString(8) })),
);

if (process.geteuid?.() === 0) {
  describe('a stranger who has planted, where anyone may write,', () => {
    test.each(cases)('$attack (mode $shown) is not sent the token, nor connected to', async ({ plant, mode }) => {
      const { path, socket = path } = plant(place(mode));
      const { given } = await listener(socket, STRANGER);
      const sent = sendToken({ kind: 'unix', path }, 'made-up-token\n', OPTIONS);
      await expect(sent).rejects.toMatchObject({
        code: 'untrusted_socket',
        retryable: false,
        message: expect.stringMatching(/belongs to user 54321, .*remove it, .*\(targets: owner\)\.$/) as string,
      });
      await expect(
        sendToken({ kind: 'unix', path }, 'made-up-token\n', { ...OPTIONS, socketOwner: OTHER }),
      ).rejects.toMatchObject({ code: 'untrusted_socket' });
      expect(given).toEqual([]);
    });

    test('a socket is sent nothing by the daemon, which says what to do', async () => {
      await using bench = await Bench.make();
      const path = join(place(0o1777), 'bot.sock');
      const { given } = await listener(path, STRANGER);
      const sender = bench.sender(`--socket-path=${path}`, '--socket-retry-delay=1s');
      expect(await sender.line(/Token not delivered/)).toContain('belongs to user 54321');
      expect(given).toEqual([]);
    });
  });

  describe('the token is sent', () => {
    test.each([
      { what: 'the receiver of the system: its own socket in a folder of root', mode: 0o755, uid: 0, socketUid: OTHER },
      { what: 'a program in a folder of its own user', mode: 0o750, uid: OTHER, socketUid: OTHER },
      { what: 'one in a folder that a group may write to', mode: 0o2775, uid: 0, socketUid: OTHER },
      { what: "root's and our own in /tmp", mode: 0o1777, uid: 0, socketUid: 0 },
    ])('to $what', async ({ mode, uid, socketUid }) => {
      const path = join(place(mode, uid), 'bot.sock');
      const { given } = await listener(path, socketUid);
      await sendToken({ kind: 'unix', path }, 'made-up-token\n', OPTIONS);
      expect(given).toContain('made-up-token\n');
    });

    test("to another user's socket in /tmp, if the target names that user as its owner", async () => {
      const path = join(place(0o1777), 'bot.sock');
      const { given } = await listener(path, OTHER);
      await sendToken({ kind: 'unix', path }, 'made-up-token\n', { ...OPTIONS, socketOwner: OTHER });
      expect(given).toContain('made-up-token\n');
    });
  });
} else {
  console.warn('Planted targets are not tried: it takes root, and a second user');
}
