/** The commands of token-receiver that programs and scripts live on, as processes beside the built receiver. */
import { sendToken } from '@token-relay/socket';
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { openSync } from 'node:fs';
import { chmod, chown, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { Bench, type Program } from './processes.ts';

const ordinaryUser = process.getuid?.() === 0 ? { uid: 65_534 } : {};

const mark = (accessToken: string) => createHash('sha256').update(accessToken).digest('hex').slice(0, 8);

async function deliver(bench: Bench, accessToken: string, refreshToken = 'made-up-refresh'): Promise<void> {
  const payload = JSON.stringify({ access_token: accessToken, refresh_token: refreshToken, expires_at: 4_000_000_000 });
  await sendToken({ kind: 'unix', path: bench.socket }, payload, { timeoutMs: 20_000, expectReply: true });
}

function start(bench: Bench, command: string, ...args: string[]): Program {
  return bench.start('token-receiver', [command, ...bench.receiverArguments(), ...args]);
}

async function running(bench: Bench): Promise<Program> {
  const receiver = bench.receiver();
  await receiver.line(/started/);
  return receiver;
}

test('token --wait, begun before there is a receiver, gets the first token that comes', async () => {
  await using bench = await Bench.make();
  const waiting = start(bench, 'token', '--wait', '60s');
  const receiver = await running(bench);
  await deliver(bench, 'made-up-access');
  expect(await waiting.finished).toMatchObject({ code: 0, stdout: 'made-up-access\n', stderr: '' });
  await receiver.stop();
  const nobody = await start(bench, 'token', '--wait', '300ms').finished;
  expect(nobody).toMatchObject({ code: 69, stdout: '' });
  expect(nobody.stderr).toMatch(/^error: Waited 0\.3 s for a token: token-receiver is not running .*\n$/);
});

test('token --wait is not content with an expired token, and ends with 75 when no other came', async () => {
  await using bench = await Bench.make();
  await running(bench);
  const expired = JSON.stringify({ access_token: 'made-up-expired', expires_at: 1_000_000_000 });
  await sendToken({ kind: 'unix', path: bench.socket }, expired, { timeoutMs: 20_000, expectReply: true });
  const none = await start(bench, 'token', '--wait', '300ms').finished;
  expect(none).toMatchObject({ code: 75, stdout: '' });
  expect(none.stderr).toMatch(/^error: Waited 0\.3 s for a token: The token has expired\. .*\n$/);
  const waiting = start(bench, 'token', '--wait', '60s');
  const status = async () =>
    (JSON.parse((await bench.get('/v1/status')).text) as { readers: { waiting: number } }).readers;
  await expect.poll(async () => (await status()).waiting, { timeout: 30_000 }).toBe(1);
  await deliver(bench, 'made-up-access');
  expect((await waiting.finished).stdout).toBe('made-up-access\n');
});

test('watch follows through a restart of the receiver, shows no token twice, and ends with 0', async () => {
  await using bench = await Bench.make();
  const watch = start(bench, 'watch', '--json');
  const first = await running(bench);
  await deliver(bench, 'made-up-first');
  await watch.line(new RegExp(mark('made-up-first')));
  await first.stop('SIGKILL');
  await watch.line(/closed the connection/);
  await running(bench);
  // What a sender does: it delivers again to a receiver that came back.
  await deliver(bench, 'made-up-first');
  await deliver(bench, 'made-up-second');
  await watch.line(new RegExp(mark('made-up-second')));
  const { code, stdout, stderr } = await watch.stop('SIGINT');
  expect(code).toBe(0);
  const shown = stdout
    .trimEnd()
    .split('\n')
    .map((line) => (JSON.parse(line) as { fingerprint: string }).fingerprint);
  expect(shown).toEqual(['made-up-first', 'made-up-second'].map(mark));
  expect(stdout + stderr).not.toContain('made-up');
  const lost = stderr.match(/closed the connection at \S+api\.sock\. \(trying again until it answers\)\n/g);
  expect(lost).toHaveLength(1);
});

test('watch ends quietly when nobody reads its output any more', async () => {
  await using bench = await Bench.make();
  await running(bench);
  await deliver(bench, 'made-up-first');
  const watch = start(bench, 'watch');
  await watch.line(new RegExp(mark('made-up-first')));
  watch.child.stdout?.destroy();
  await deliver(bench, 'made-up-second');
  expect(await watch.finished).toMatchObject({ code: 0, signal: null, stderr: '' });
});

test('watch --exec runs the program for each new token, which it finds on standard input alone', async () => {
  await using bench = await Bench.make();
  await running(bench);
  await deliver(bench, 'made-up-first');
  const script =
    'tr "\\0" "\\n" < /proc/$$/environ > seen; tr "\\0" " " < /proc/$$/cmdline >> seen; echo "took $(cat) -- $*"';
  const watch = start(bench, 'watch', '--exec', '--', 'sh', '-c', script, 'sh', '--json', '$HOME', 'a b');
  await watch.line(/^took made-up-first -- --json \$HOME a b$/);
  await deliver(bench, 'made-up-second');
  await watch.line(/^took made-up-second/);
  const seen = await readFile(bench.path('seen'), 'utf8');
  expect(seen).toContain('TOKEN_RELAY_GENERATION=2\n');
  expect(seen).toContain('TOKEN_RELAY_EXPIRES_AT=4000000000\n');
  expect(seen).not.toContain('made-up');
  expect((await watch.stop()).code).toBe(0);
});

test('watch that may not connect says so and waits; token and history end with 1', async () => {
  await using bench = await Bench.make();
  await running(bench);
  const { uid } = ordinaryUser;
  if (uid !== undefined) await chown(bench.folder, uid, uid);
  await chmod(bench.api, 0o000);
  const as = (...command: string[]) =>
    bench.start('token-receiver', [...command, ...bench.receiverArguments()], ordinaryUser);
  const watch = as('watch');
  await watch.line(/^This user may not connect to \S+api\.sock: .*socket_group\. \(trying again until it answers\)$/);
  expect((await watch.stop()).code).toBe(0);
  for (const command of [['token', '--wait=10m'], ['history']]) {
    expect(await as(...command).finished).toMatchObject({ code: 1, stdout: '' });
  }
});

test('history tells of each token without the token, also of those before a restart', async () => {
  await using bench = await Bench.make();
  const first = await running(bench);
  expect(await start(bench, 'history').finished).toMatchObject({ code: 0, stdout: 'No token has come yet.\n' });
  await deliver(bench, 'made-up-first', 'made-up-refresh-1');
  await deliver(bench, 'made-up-second', 'made-up-refresh-2');
  await first.stop();
  expect((await start(bench, 'history').finished).code).toBe(69);
  await running(bench);
  await deliver(bench, 'made-up-third', 'made-up-refresh-2');
  const { code, stdout } = await start(bench, 'history').finished;
  expect(code).toBe(0);
  expect(stdout).not.toContain('made-up');
  const rows = stdout.trimEnd().split('\n').slice(1);
  expect(rows.map((row) => row.split(/ {2,}/).filter((_, column) => column !== 0 && column !== 4))).toEqual([
    ['3', 'unix', mark('made-up-third'), 'same'],
    ['2', 'unix', mark('made-up-second'), 'changed'],
    ['1', 'unix', mark('made-up-first'), 'first'],
  ]);
  const json = JSON.parse((await start(bench, 'history', '--json').finished).stdout) as { tokens: unknown[] };
  expect(json.tokens).toHaveLength(3);
});

test.each([
  [['watch', '--exec'], /--exec names no program/],
  [['watch', 'cat'], /A program is run with --exec/],
  [['watch', '--exec', 'cat', '--number'], /unknown option '--number'/],
  [['token', '--wait', 'soon'], /--wait is not a duration/],
  [['token', '--wait=5'], /--wait "5" has no unit/],
  [['history', 'all'], /too many arguments/],
] as const)('%j is wrong usage: 2', async ([command, ...args], words) => {
  await using bench = await Bench.make();
  const { code, stdout, stderr } = await start(bench, command, ...args).finished;
  expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
  expect(stderr).toMatch(words);
});

test.each(['token', 'status', 'history'])('%s into a full disk fails, and says so', async (command) => {
  await using bench = await Bench.make();
  const receiver = bench.receiver();
  await receiver.line(/ started$/);
  await deliver(bench, 'made-up-access-token');
  const args = [command, ...bench.receiverArguments()];
  const { status, stderr } = spawnSync(join(import.meta.dirname, '../../apps/receiver/bin/token-receiver'), args, {
    stdio: ['ignore', openSync('/dev/full', 'w'), 'pipe'],
    cwd: bench.folder,
    encoding: 'utf8',
  });
  expect({ status, stderr }).toEqual({ status: 1, stderr: 'error: The output cannot be written (ENOSPC)\n' });
});
