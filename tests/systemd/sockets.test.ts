/** The sockets of the installed receiver: who may use them, and what comes of it when nothing runs yet. */
import { createHash } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { describeOnSystemd } from './can-boot.ts';
import {
  APP_CONFIG,
  bootInstalled,
  delivered,
  edit,
  endOfJournal,
  linesSince,
  lineSince,
  RECEIVER,
  RECEIVER_SETTINGS,
  SENDER,
  TOKEN_FILE,
} from './installed.ts';
import { NODE, type Machine } from './machine.ts';

const RUNTIME = '/run/token-receiver';
const CONTROL_SOCKET = '/run/token-refresh-sender/control.sock';
const BOT = 'my-bot.service';

/** One message to the token socket, and the answer; or why it could not be handed in. */
const DELIVER = `
const [path, token, lifeSeconds] = process.argv.slice(1);
const socket = require('node:net').connect(path);
socket.setEncoding('utf8').on('data', (reply) => console.log(reply)).on('error', ({ code }) => console.log(code));
socket.write(JSON.stringify({ access_token: token, expires_at: Math.floor(Date.now() / 1000) + Number(lifeSeconds) }));
`;

async function deliver(machine: Machine, token: string, { user = 'token-sender', lifeSeconds = 1_800 } = {}) {
  const path = `${RUNTIME}/token.sock`;
  return (await machine.mustWith({ user }, NODE, '--eval', DELIVER, path, token, String(lifeSeconds))).trim();
}

/** @returns the errno, or `connected` */
async function connecting(machine: Machine, user: string, path: string): Promise<string> {
  const script = `require('node:net').connect(process.argv[1], () => process.exit(console.log('connected')))
    .on('error', ({ code }) => console.log(code))`;
  return (await machine.mustWith({ user }, NODE, '--eval', script, path)).trim();
}

async function stopReceiver(machine: Machine): Promise<void> {
  await machine.systemctl('stop', RECEIVER);
  expect((await machine.show(RECEIVER, 'ActiveState')).ActiveState).toBe('inactive');
}

describeOnSystemd('the sockets of the receiver', () => {
  let machine: Machine;
  beforeAll(async () => {
    ({ machine } = await bootInstalled());
    // A member of each group, and of none.
    for (const [user, groups] of [
      ['reader', 'token-readers'],
      ['writer', 'token-writers'],
      ['stranger', ''],
    ] as const) {
      await machine.must('useradd', '--create-home', `--groups=${groups}`, user);
    }
  });
  afterAll(async () => machine[Symbol.asyncDispose]());

  describe('activate it', () => {
    test('a message that is sent before it ever ran is answered', async () => {
      expect((await machine.journal(RECEIVER)).filter(({ unit }) => unit === RECEIVER)).toEqual([]);
      expect(await deliver(machine, 'made-up-first-of-all')).toBe('OK');
      expect(await machine.must('token-receiver', 'token')).toBe('made-up-first-of-all\n');
    });

    test('so is one of a hundred that come at once while it is stopped, and it is started once', async () => {
      await stopReceiver(machine);
      const cursor = await endOfJournal(machine);
      const script = `for number in $(seq 100); do "$0" --eval "$1" ${RUNTIME}/token.sock "made-up-$number" 1800 & done; wait`;
      const answers = await machine.must('bash', '-c', script, NODE, DELIVER);
      expect(answers).toBe('OK\n'.repeat(100));
      expect((await linesSince(machine, RECEIVER, cursor)).filter((line) => line.includes('started'))).toHaveLength(1);
    });

    test('an application that waits for a token has it as soon as one is sent', async () => {
      await stopReceiver(machine);
      const cursor = await endOfJournal(machine);
      await using waiting = machine.start({ user: 'reader' }, 'token-receiver', 'token', '--wait=60s');
      await lineSince(machine, RECEIVER, /^token-receiver .* started$/, cursor);
      expect(await deliver(machine, 'made-up-awaited')).toBe('OK');
      expect(await waiting.outcome).toEqual({ stdout: 'made-up-awaited\n', stderr: '', exitCode: 0 });
    });

    test('a stop of the service alone forgets the token and keeps the sockets; one of the sockets removes them', async () => {
      expect(await deliver(machine, 'made-up-forgotten')).toBe('OK');
      await stopReceiver(machine);
      expect(await machine.must('ls', RUNTIME)).toBe('api.sock\ncredential.sock\ntoken.sock\n');
      const { stdout, exitCode } = await machine.run('token-receiver', 'token');
      expect({ stdout, exitCode }).toEqual({ stdout: '', exitCode: 75 });
      await machine.systemctl('stop', 'token-receiver.socket', RECEIVER);
      expect(await machine.must('find', RUNTIME, '-type', 's')).toBe('');
      const answer = await machine.run('token-receiver', 'token');
      expect(answer).toMatchObject({ stdout: '', exitCode: 69 });
      await machine.systemctl('start', 'token-receiver.socket');
      expect(await machine.must('ls', RUNTIME)).toBe('api.sock\ncredential.sock\ntoken.sock\n');
    });
  });

  describe('let in whom they are for', () => {
    beforeAll(async () => {
      await machine.systemctl('start', SENDER);
      await delivered(machine);
    });

    test('a member of token-readers reads the token, with the command and no flag, and over HTTP', async () => {
      const token = await delivered(machine);
      expect(await machine.mustWith({ user: 'reader' }, 'token-receiver', 'token')).toBe(`${token}\n`);
      const curl = ['curl', '--silent', '--unix-socket', `${RUNTIME}/api.sock`, 'http://localhost/v1/token/raw'];
      expect(await machine.mustWith({ user: 'reader' }, ...curl)).toBe(token);
      expect(await machine.mustWith({ user: 'reader' }, 'token-receiver', 'status')).toMatch(
        /^State: +holding a valid token$/m,
      );
    });

    test.each(['stranger', 'writer'])('a %s is not let read, and is told why', async (user) => {
      const { stdout, stderr, exitCode } = await machine.runWith({ user }, 'token-receiver', 'token');
      expect({ stdout, exitCode }).toEqual({ stdout: '', exitCode: 1 });
      expect(stderr).toMatch(/token-readers/);
      expect(await connecting(machine, user, `${RUNTIME}/api.sock`)).toBe('EACCES');
    });

    test('a member of token-writers may deliver', async () => {
      expect(await deliver(machine, 'made-up-by-a-writer', { user: 'writer' })).toBe('OK');
      await machine.must('token-refresh-sender', 'refresh');
      await delivered(machine);
    });

    test.each(['stranger', 'reader'])(
      'a %s can neither deliver nor ask the sender, nor get a credential',
      async (user) => {
        expect(await deliver(machine, 'made-up-intruder', { user })).toBe('EACCES');
        expect(await connecting(machine, user, `${RUNTIME}/credential.sock`)).toBe('EACCES');
        expect(await connecting(machine, user, CONTROL_SOCKET)).toBe('EACCES');
        const { exitCode, stdout } = await machine.runWith({ user }, 'token-refresh-sender', 'refresh');
        expect({ succeeded: exitCode === 0, stdout }).toEqual({ succeeded: false, stdout: '' });
      },
    );

    test.each(['stranger', 'reader', 'writer', 'token-receiver'])(
      '%s cannot read the login or the secret of the app',
      async (user) => {
        for (const path of [TOKEN_FILE, APP_CONFIG]) {
          const { stdout, stderr } = await machine.runWith({ user }, 'cat', path);
          expect({ stdout, stderr }).toEqual({ stdout: '', stderr: `cat: ${path}: Permission denied\n` });
        }
      },
    );

    test.each(['stranger', 'reader', 'token-sender'])(
      '%s cannot read what the receiver keeps for its restart',
      async (user) => {
        const { stdout, stderr } = await machine.runWith({ user }, 'cat', `${RUNTIME}/state/api.state.json`);
        expect(stdout).toBe('');
        expect(stderr).toMatch(/Permission denied/);
      },
    );

    test.each(['stranger', 'reader', 'writer', 'token-sender', 'token-receiver'])(
      '%s cannot put a socket of its own in the place of one',
      async (user) => {
        for (const path of [RUNTIME, CONTROL_SOCKET.slice(0, CONTROL_SOCKET.lastIndexOf('/'))]) {
          if (user === 'token-sender' && !path.startsWith(RUNTIME)) continue;
          const { stderr } = await machine.runWith(
            { user },
            'sh',
            '-c',
            'rm -f "$0"/*.sock; ln -s /tmp/own "$0"/token.sock',
            path,
          );
          expect(stderr).toMatch(/Permission denied/);
        }
        expect(await machine.must('find', RUNTIME, '-name', '*.sock')).toMatch(/token\.sock/);
      },
    );
  });

  describe('serve application units: the example as it is shipped', () => {
    beforeAll(async () => {
      await machine.systemctl('stop', SENDER);
      await machine.must('cp', `/usr/share/doc/token-relay/examples/${BOT}`, `/etc/systemd/system/${BOT}`);
      const bot = '#!/bin/sh\nfile=${1#--token-file=}\nstat --format=%a "$file"\nsha256sum <"$file"\n';
      await machine.write('/usr/local/bin/my-bot', bot, 0o755);
      await machine.systemctl('daemon-reload');
    });

    const said = (token: string) => ['6 400', `6 ${createHash('sha256').update(token).digest('hex')}  -`];

    test('it gets the token in a file that nobody else can read', async () => {
      await deliver(machine, 'made-up-for-the-bot');
      const cursor = await endOfJournal(machine);
      await machine.systemctl('start', BOT);
      expect(await linesSince(machine, BOT, cursor)).toEqual(said('made-up-for-the-bot'));
    });

    test('it waits for a token, and starts with the one that comes in time', async () => {
      await machine.systemctl('stop', RECEIVER);
      const cursor = await endOfJournal(machine);
      await machine.systemctl('start', '--no-block', BOT);
      await machine.waitFor('its connection', async () => {
        const { exitCode } = await machine.run('grep', '--quiet', ' 03 .*/credential.sock$', '/proc/net/unix');
        return exitCode === 0 ? true : undefined;
      });
      expect(await linesSince(machine, BOT, cursor)).toEqual([]);
      expect(await deliver(machine, 'made-up-in-time')).toBe('OK');
      await lineSince(machine, BOT, /^Finished /, cursor);
      expect(await linesSince(machine, BOT, cursor)).toEqual(said('made-up-in-time'));
    });

    test('it fails, is not run, and the receiver says why, if none comes within credential_wait', async () => {
      await edit(machine, RECEIVER_SETTINGS, (text) => `${text}\ncredential_wait: 1s\n`);
      await machine.systemctl('stop', RECEIVER);
      const cursor = await endOfJournal(machine);
      expect((await machine.run('systemctl', 'start', BOT)).exitCode).toBe(1);
      await lineSince(machine, BOT, /code=exited, status=243\/CREDENTIALS$/, cursor);
      expect((await linesSince(machine, BOT, cursor)).filter((line) => line.startsWith('6 400'))).toEqual([]);
      const why = await lineSince(machine, RECEIVER, /there is no valid token: none came within 1 s/, cursor);
      expect(why.priority).toBe(4);

      // It is tried again, as it says.
      expect(await deliver(machine, 'made-up-at-last')).toBe('OK');
      await lineSince(machine, BOT, /^Finished /, cursor);
      expect((await linesSince(machine, BOT, cursor)).slice(-2)).toEqual(said('made-up-at-last'));
    });
  });
});
