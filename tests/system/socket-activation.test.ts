/** The receiver on sockets that were opened before it was started, and are still there when it has ended. */
import { existsSync, lstatSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { connect } from 'node:net';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { expect, onTestFinished, test } from 'vitest';
import { Bench } from './processes.ts';
import { SocketUnits } from './socket-units.ts';

const RECEIVER = join(import.meta.dirname, '../../apps/receiver/bin/token-receiver');
const STARTED = /INFO: token-receiver .* started$/;
const STOPPED = /INFO: Stopped$/;

interface Sockets {
  readonly token: string;
  readonly api: string;
  readonly credential: string;
}

async function unitsOf(
  bench: Bench,
  sockets: Readonly<Record<string, string>>,
  ...flags: readonly string[]
): Promise<SocketUnits> {
  const command = [RECEIVER, 'run', ...bench.receiverArguments(), `--credential-socket-path=${credential(bench)}`];
  return SocketUnits.listen(sockets, [...command, ...flags], { XDG_RUNTIME_DIR: bench.folder });
}

const credential = (bench: Bench): string => bench.path('credential.sock');
const allOf = (bench: Bench): Sockets => ({ token: bench.socket, api: bench.api, credential: credential(bench) });

async function send(path: string, message: string): Promise<string> {
  const socket = connect({ path, allowHalfOpen: true });
  socket.write(message);
  return text(socket);
}

const message = (token: string) =>
  JSON.stringify({ access_token: token, expires_at: Math.floor(Date.now() / 1_000) + 900 });

const asks = (path: string): Promise<string> =>
  send(path, 'GET /v1/token/raw?wait=20 HTTP/1.0\r\nHost: localhost\r\n\r\n');

/** systemd ends its side at once, and reads. */
async function loadsCredential(path: string): Promise<string> {
  const socket = connect({ path, allowHalfOpen: true });
  socket.end();
  return text(socket);
}

test('a message that is sent before the receiver ever ran is answered, and so are an application and a unit that wait', async () => {
  await using bench = await Bench.make();
  const sockets = allOf(bench);
  await using units = await unitsOf(bench, { ...sockets });
  const inodes = () => Object.values(sockets).map((path: string) => lstatSync(path).ino);
  const before = inodes();
  units.activate();
  const reader = asks(sockets.api);
  const unit = loadsCredential(sockets.credential);
  expect(await send(sockets.token, message('made-up-early'))).toBe('OK');
  expect(await reader).toMatch(/ 200 OK[^]*made-up-early$/);
  expect(await unit).toBe('made-up-early');

  const from = units.lines.length;
  units.signal('SIGTERM');
  await units.line(STOPPED, from);
  expect(inodes()).toEqual(before);
  units.activate();
  expect(await send(sockets.token, message('made-up-late'))).toBe('OK');
  expect(inodes()).toEqual(before);
});

test('the sender delivers again after every start of the receiver, and not without one', async () => {
  await using bench = await Bench.make();
  const folder = mkdtempSync('/dev/shm/token-relay-');
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  const state = join(folder, 'state.json');
  const sockets = allOf(bench);
  await using units = await unitsOf(bench, { ...sockets }, `--state-file=${state}`);
  await units.line(STARTED, await units.start());
  const sender = bench.sender();
  const deliveries = () => sender.count(/INFO: Token delivered/);
  await sender.until('the first delivery', () => (deliveries() === 1 ? true : undefined));
  const token = (await bench.tokens()).token['access_token'];
  for (const round of [2, 3]) {
    units.signal('SIGKILL');
    // As if it had been killed before it wrote it.
    rmSync(state, { force: true });
    const from = await units.start();
    await units.line(/INFO: Token received/, from);
    await sender.until(`delivery ${round}`, () => (deliveries() === round ? true : undefined));
    expect(await asks(sockets.api)).toContain(token);
    expect(await send(sockets.token, message(`made-up-${round}`))).toBe('OK');
  }
  // What would have been delivered meanwhile has been: a refresh comes after it.
  expect((await bench.senderCommand('refresh')).code).toBe(0);
  await sender.until('the delivery after the refresh', () => (deliveries() === 4 ? true : undefined));
  const from = await units.start();
  await units.line(/Holding the token of before the restart/, from);
  await sender.until('the delivery after the last start', () => (deliveries() === 5 ? true : undefined));
  expect(units.lines.slice(from).some((line) => line.includes('Token received'))).toBe(false);
});

test.each([
  ['one whose name it does not know', { 'made-up': 'made-up.sock' }, /a socket named "made-up" \(descriptor 3\)/],
  [
    'one of TCP for the tokens',
    { token: 'tcp' },
    /In place of .*token.sock, the descriptor 3 is not a Unix socket .*TCP/,
  ],
  [
    'one of TCP for applications',
    { api: 'tcp' },
    /In place of .*api.sock, the descriptor 3 is not a Unix socket .*TCP/,
  ],
  ['one of TCP for units', { credential: 'tcp' }, /In place of .*credential.sock, the descriptor 3 is not .*TCP/],
])(
  'a socket that it cannot serve ends it, and is named: %s',
  async (_what, sockets: Record<string, string>, problem) => {
    await using bench = await Bench.make();
    const inBench = Object.entries(sockets).map(([name, path]) => [name, path === 'tcp' ? path : bench.path(path)]);
    await using units = await unitsOf(bench, Object.fromEntries(inBench) as Record<string, string>);
    await units.start();
    expect(await units.line(/^error: /)).toMatch(problem);
  },
);

test('what is not handed over the receiver makes itself, and takes away again', async () => {
  await using bench = await Bench.make();
  await using units = await unitsOf(bench, { token: bench.socket });
  await units.line(STARTED, await units.start());
  expect(await send(bench.socket, message('made-up'))).toBe('OK');
  expect(await asks(bench.api)).toContain('made-up');
  units.signal('SIGTERM');
  await units.line(STOPPED);
  expect([bench.socket, bench.api, credential(bench)].map((path) => existsSync(path))).toEqual([true, false, false]);
});

test('a hook has none of the sockets, and does not hear of them', async () => {
  await using bench = await Bench.make();
  const script = `env > ${bench.folder}/env; for fd in 3 4 5; do readlink /proc/$$/fd/$fd; done > ${bench.folder}/fds; echo done > ${bench.folder}/done`;
  const hooks = JSON.stringify({ token: ['/bin/sh', '-c', script] });
  await using units = await unitsOf(bench, { ...allOf(bench) }, `--hooks=${hooks}`, '--log-level=debug');
  await units.line(STARTED, await units.start());
  expect(await send(bench.socket, message('made-up'))).toBe('OK');
  await units.line(/DEBUG: Hook token: \/bin\/sh succeeded/);
  expect(readFileSync(bench.path('env'), 'utf8')).toContain('TOKEN_RELAY_EVENT=token');
  expect(readFileSync(bench.path('env'), 'utf8')).not.toContain('LISTEN_');
  expect(readFileSync(bench.path('fds'), 'utf8')).toBe('');
  expect(readFileSync(bench.path('done'), 'utf8')).toBe('done\n');
});
