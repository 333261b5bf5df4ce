/** The drop-ins that come with the package do what they say, on the installed daemons. */
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import { describeOnSystemd } from './can-boot.ts';
import {
  APP_CONFIG,
  bootInstalled,
  delivered,
  edit,
  endOfJournal,
  lineSince,
  mainPid,
  RECEIVER,
  RECEIVER_SETTINGS,
  savedToken,
  SENDER,
  SENDER_SETTINGS,
} from './installed.ts';
import { NODE, type Machine } from './machine.ts';
import { APP_SECRET } from './sandbox.ts';

const SHIPPED = '/usr/share/doc/token-relay/examples/drop-ins';
const SETTINGS = [SENDER_SETTINGS, RECEIVER_SETTINGS, APP_CONFIG];
const BOT_SOCKET = '/tmp/bigbrother_token.sock';

/** One message to a socket, Unix or `port`, and the answer; or why it could not be handed in. */
const DELIVER = `
const [to, token] = process.argv.slice(1);
const socket = require('node:net').connect(/^\\d+$/.test(to) ? Number(to) : to);
socket.setEncoding('utf8').on('data', (reply) => console.log(reply)).on('error', ({ code }) => console.log(code));
socket.write(JSON.stringify({ access_token: token, expires_at: Math.floor(Date.now() / 1000) + 1800 }));
`;

/** Stands in for the bot: prints what it is sent, and acknowledges it. */
const BOT = `
require('node:net').createServer((socket) => {
  socket.setEncoding('utf8').on('data', (text) => { console.log(JSON.parse(text).access_token); socket.end('OK'); });
}).listen('${BOT_SOCKET}', () => { require('node:fs').chmodSync('${BOT_SOCKET}', 0o666); console.log('listening'); });
`;

describeOnSystemd('a drop-in', () => {
  let machine: Machine;
  const before = new Map<string, string>();
  beforeAll(async () => {
    ({ machine } = await bootInstalled());
    for (const path of SETTINGS) before.set(path, await machine.read(path));
  });
  afterAll(async () => machine[Symbol.asyncDispose]());
  afterEach(async () => {
    await machine.systemctl('stop', SENDER, 'token-receiver*');
    await machine.must('sh', '-c', 'rm -r /etc/systemd/system/token-re*.d');
    for (const [path, text] of before) await edit(machine, path, () => text);
    await machine.systemctl('daemon-reload');
  });

  /** As the file itself says. */
  async function use(name: string, unit: string): Promise<void> {
    const folder = `/etc/systemd/system/${unit}.d`;
    await machine.must('mkdir', '-p', folder);
    await machine.must('cp', `${SHIPPED}/${name}`, folder);
    await machine.systemctl('daemon-reload');
  }

  const deliver = async (to: string, user = 'token-sender') =>
    (await machine.mustWith({ user }, NODE, '--eval', DELIVER, to, 'made-up-token')).trim();

  test('receiver-tcp.conf lets the receiver have TCP and metrics, which it is refused without', async () => {
    const more = '\nprefer_unix_socket: false\nmetrics_port: 9462\n';
    await edit(machine, RECEIVER_SETTINGS, (text) => text + more);
    const cursor = await endOfJournal(machine);
    expect((await machine.run('systemctl', 'start', RECEIVER)).exitCode).toBe(1);
    const why = await lineSince(machine, RECEIVER, /receiver-tcp\.conf/, cursor);
    expect(why.priority).toBe(3);
    await machine.systemctl('stop', 'token-receiver*');

    await use('receiver-tcp.conf', RECEIVER);
    await machine.systemctl('start', RECEIVER);
    expect(await deliver('9999', 'nobody')).toBe('OK');
    expect(await machine.must('token-receiver', 'token')).toBe('made-up-token\n');
    const metrics = await machine.must('curl', '--silent', '--fail', 'http://127.0.0.1:9462/metrics');
    expect(metrics).toMatch(/^token_receiver_/m);
    expect(metrics).not.toContain('made-up-token');
  });

  test('receiver-jitless.conf leaves the receiver no memory that is writable and executable', async () => {
    await use('receiver-jitless.conf', RECEIVER);
    await machine.systemctl('start', RECEIVER);
    expect(await deliver('/run/token-receiver/token.sock')).toBe('OK');
    expect(await machine.must('token-receiver', 'token')).toBe('made-up-token\n');
    expect((await machine.show(RECEIVER, 'MemoryDenyWriteExecute')).MemoryDenyWriteExecute).toBe('yes');
    expect(await machine.read(`/proc/${await mainPid(machine, RECEIVER)}/maps`)).not.toMatch(/ rwxp /);
  });

  test('receiver-sinks.conf lets the receiver keep a file in a folder of the applications', async () => {
    await machine.must('groupadd', 'bot');
    await machine.must(
      ...['install', '--directory', '--owner=token-receiver', '--group=bot', '--mode=2750', '/srv/bot'],
    );
    await edit(
      machine,
      RECEIVER_SETTINGS,
      (text) => `${text}\nsinks: [{ path: /srv/bot/token, format: raw, mode: "0640" }]\n`,
    );
    await use('receiver-sinks.conf', RECEIVER);
    await machine.systemctl('start', RECEIVER);
    expect(await deliver('/run/token-receiver/token.sock')).toBe('OK');
    await machine.waitFor('the sink', async () => {
      const { stdout } = await machine.run('cat', '/srv/bot/token');
      return stdout.trim() === 'made-up-token' ? true : undefined;
    });
    expect(await machine.must('stat', '--format=%a %U %G', '/srv/bot/token')).toBe('640 token-receiver bot\n');
  });

  test('receiver-in-place-of-bot.conf has it answer senders that know only the socket of the bot', async () => {
    await use('receiver-in-place-of-bot.conf', 'token-receiver.socket');
    await machine.systemctl('start', 'token-receiver.socket');
    expect(await deliver(BOT_SOCKET)).toBe('OK');
    expect(await machine.must('token-receiver', 'token')).toBe('made-up-token\n');
    await machine.systemctl('stop', 'token-receiver.socket');
    expect((await machine.run('test', '-L', BOT_SOCKET)).exitCode).toBe(1);
  });

  test('sender-target-in-tmp.conf lets the sender deliver to the bot', async () => {
    await using bot = machine.start({ user: 'nobody' }, NODE, '--eval', BOT);
    await bot.line(/^listening$/);
    await edit(
      machine,
      SENDER_SETTINGS,
      (text) => `${text}\ntargets: [{ name: bot, unix: ${BOT_SOCKET}, owner: nobody }]\n`,
    );
    await use('sender-target-in-tmp.conf', SENDER);
    await machine.systemctl('start', SENDER);
    expect(await bot.line(/^I0\./)).toBe(await savedToken(machine));
  });

  test.each([
    ['sender-encrypted-secret.conf has systemd decrypt the secret of the app for the sender', true],
    ['none is needed for a secret in /etc/credstore', false],
  ])('%s', async (_promise, isEncrypted) => {
    const name = 'token-refresh-sender.app_secret';
    await edit(machine, APP_CONFIG, (text) => text.replace(/^app_secret:.*\n/m, ''));
    if (isEncrypted) {
      const encrypted = `/etc/credstore.encrypted/${name}`;
      await machine.must('mkdir', '-p', '/etc/credstore.encrypted');
      await machine.mustWith(
        { input: APP_SECRET },
        'sh',
        '-c',
        `cat | systemd-creds encrypt --name=app_secret - ${encrypted}`,
      );
      expect(await machine.read(encrypted)).not.toContain(APP_SECRET);
      await use('sender-encrypted-secret.conf', SENDER);
    } else {
      await machine.write(`/etc/credstore/${name}`, APP_SECRET, 0o600);
      await machine.must('mkdir', '-p', `/etc/systemd/system/${SENDER}.d`);
    }
    await machine.systemctl('start', 'token-receiver.socket', SENDER);
    expect(await machine.must('token-refresh-sender', 'refresh')).toMatch(/^Token refreshed successfully/);
    await delivered(machine);
  });
});
