/** The receiver's parts as one daemon: what survives a restart, what SIGHUP changes, TLS as the README makes it. */
import { execFileSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs';
import { connect } from 'node:net';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { expect, onTestFinished, test, vi } from 'vitest';
import { Bench, type Program } from './processes.ts';

const root = join(import.meta.dirname, '../..');

/** A folder in memory, as the runtime folder is under systemd. */
function folderInMemory(): string {
  const folder = mkdtempSync('/dev/shm/token-relay-');
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

async function send(path: string, message: object | string): Promise<string> {
  const socket = connect({ path, allowHalfOpen: true });
  socket.write(typeof message === 'string' ? message : JSON.stringify(message));
  return text(socket);
}

const inSeconds = (seconds: number) => Math.floor(Date.now() / 1_000) + seconds;
const started = (receiver: Program) => receiver.line(/INFO: token-receiver .* started$/);

test.each(['SIGTERM', 'SIGKILL'] as const)(
  'What it holds survives its own restart after %s, and generations go on',
  async (signal) => {
    await using bench = await Bench.make();
    const state = join(folderInMemory(), 'state.json');
    const before = bench.receiver(`--state-file=${state}`);
    await started(before);
    const refresh = { refresh_token: 'made-up-refresh-token' };
    expect(await send(bench.socket, { access_token: 'made-up-first', expires_at: inSeconds(900), ...refresh })).toBe(
      'OK',
    );
    expect(await send(bench.socket, { access_token: 'made-up-second', expires_at: inSeconds(1800), ...refresh })).toBe(
      'OK',
    );
    // The state is written right after the OK, so before this is answered.
    await bench.get('/v1/status');
    await before.stop(signal);
    expect(readFileSync(state, 'utf8')).not.toContain(refresh.refresh_token);

    const after = bench.receiver(`--state-file=${state}`);
    await after.line(/Holding the token of before the restart \(generation 2\)$/);
    await started(after);
    expect(await bench.get('/v1/token')).toMatchObject({ status: 200, headers: { etag: '"2"' } });
    expect((await bench.get('/v1/token/raw')).text).toBe('made-up-second');
    const { tokens } = JSON.parse((await bench.get('/v1/history')).text) as { tokens: object[] };
    expect(tokens).toMatchObject([
      { generation: 2, refresh_token: 'same' },
      { generation: 1, refresh_token: 'first' },
    ]);
    expect(await send(bench.socket, { access_token: 'made-up-third', expires_at: inSeconds(1800) })).toBe('OK');
    expect((await bench.get('/v1/token')).headers['etag']).toBe('"3"');
  },
);

test('on a disk the token is not written, but generations go on, so that no ETag stands for two tokens', async () => {
  await using bench = await Bench.make();
  const before = bench.receiver();
  await started(before);
  expect(await send(bench.socket, { access_token: 'made-up-access-token', expires_at: inSeconds(1800) })).toBe('OK');
  await before.stop();
  expect(readFileSync(bench.path('api.state.json'), 'utf8')).not.toContain('made-up-access-token');
  const after = bench.receiver();
  await started(after);
  expect((await bench.get('/v1/token')).status).toBe(404);
  expect(await send(bench.socket, { access_token: 'made-up-access-token', expires_at: inSeconds(1800) })).toBe('OK');
  expect((await bench.get('/v1/token')).headers['etag']).toBe('"2"');
});

test('SIGHUP takes over sinks and hooks, and names what needs a restart; a mistake changes nothing', async () => {
  await using bench = await Bench.make();
  const settings = (sink: string, port = 9998) =>
    `tcp_port: ${port}\nsinks: [{ path: ${bench.path(sink)}, format: raw }]\nhooks: { token: [sh, -c, 'cat > ${bench.path(`${sink}-hook`)}'] }\n`;
  await bench.write('receiver.yaml', settings('one'));
  const receiver = bench.receiver('--config=receiver.yaml', '--log-level=debug');
  await started(receiver);

  await bench.write('receiver.yaml', settings('two', 9997));
  receiver.signal('SIGHUP');
  await receiver.line(/WARN: Changed, but used only after a restart: tcp_port$/);
  await receiver.line(/INFO: Configuration read again \(SIGHUP\)$/);
  await bench.write('receiver.yaml', 'sinks: 3\n');
  receiver.signal('SIGHUP');
  await receiver.line(/ERROR: .*receiver\.yaml:1: sinks .*; going on with the configuration as it was$/);

  expect(await send(bench.socket, { access_token: 'made-up-access-token', expires_at: inSeconds(1800) })).toBe('OK');
  await receiver.line(/Hook token: sh /);
  await receiver.stop();
  expect(readFileSync(bench.path('two'), 'utf8')).toBe('made-up-access-token');
  expect(readFileSync(bench.path('two-hook'), 'utf8')).toBe('made-up-access-token');
  expect(existsSync(bench.path('one'))).toBe(false);
  expect(receiver.lines.join('\n')).not.toContain('made-up-access-token');
});

test('an odd expiry and a token that does not look like one: taken or refused as designed, and logged', async () => {
  await using bench = await Bench.make();
  const receiver = bench.receiver('--token-pattern=^made-up-');
  await started(receiver);
  expect(await send(bench.socket, { access_token: 'made-up-a', expires_at: inSeconds(-60) })).toBe('OK');
  await receiver.line(/WARN: Token received over unix \(generation 1, already expired\)$/);
  expect(JSON.parse((await bench.get('/v1/token')).text)).toMatchObject({ code: 'token_expired' });
  expect(await send(bench.socket, { access_token: 'made-up-b', expires_at: 4_000_000_000 })).toBe('OK');
  await receiver.line(/WARN: .*generation 2, expires on 2096-10-02, which is later than any token of Schwab\)$/);
  expect(await send(bench.socket, { access_token: 'made-up-c', expires_at: inSeconds(1800) * 1_000 })).toBe('OK');
  await receiver.line(/INFO: .*generation 3, expires in 30 minutes, its expires_at in milliseconds\)$/);
  expect(await send(bench.socket, 'hello-is-anyone-there\n')).toBe('ERROR bad_token');
  await receiver.line(/WARN: A message over unix was refused \(bad_token\)/);
  expect((await bench.get('/v1/token/raw')).text).toBe('made-up-c');
});

test('TLS with the certificates that the README makes: delivered; replaced under SIGHUP; a stranger is named once', async () => {
  await using bench = await Bench.make();
  const lines = /^umask 077\n(openssl .*\n)+/m.exec(readFileSync(join(root, 'README.md'), 'utf8'))?.[0] ?? '';
  const make = () =>
    execFileSync('sh', ['-euc', lines.replaceAll('192.0.2.10', '127.0.0.1')], { cwd: bench.folder, stdio: 'pipe' });
  make();
  await bench.write(
    'receiver.yaml',
    'tcp_port: 0\nprefer_unix_socket: false\ntls: { cert: receiver.crt, key: receiver.key, ca: ca.crt, clients: [sender] }\n',
  );
  const receiver = bench.receiver('--config=receiver.yaml');
  const listening = await receiver.line(/Listening for tokens on tls:/);
  await started(receiver);
  const port = /:(\d+)$/.exec(listening)?.[1] ?? '';
  const target = (files: string) =>
    `targets: [{ name: far, tcp: "127.0.0.1:${port}", tls: { cert: ${files}.crt, key: ${files}.key, ca: ca.crt } }]\n`;
  await bench.write('sender.yaml', target('sender'));
  const senderArguments = bench.senderArguments().filter((argument) => !argument.startsWith('--socket-path'));
  const sender = bench.start('token-refresh-sender', ['run', '--config=sender.yaml', ...senderArguments]);
  await sender.line(/Token delivered to far at tls:127\.0\.0\.1:\d+ \(acknowledged\)$/);
  await receiver.line(/Token received over tls from sender@127\.0\.0\.1 /);

  await bench.write('sender.yaml', target('receiver'));
  sender.signal('SIGHUP');
  await receiver.line(/WARN: A TLS client was refused: receiver at 127\.0\.0\.1: /);

  // New certificates of a new authority for both, without a restart of either.
  make();
  await bench.write('sender.yaml', target('sender'));
  receiver.signal('SIGHUP');
  await receiver.line(/Configuration read again/);
  const from = sender.lines.length;
  sender.signal('SIGHUP');
  await sender.line(/Token delivered to far .* \(acknowledged\)$/, from);
  expect(receiver.count(/A TLS client was refused: receiver at/)).toBe(1);
});

test.each(['token-receiver', 'token-refresh-sender'] as const)(
  '%s goes on when whoever read its output is gone',
  async (name) => {
    await using bench = await Bench.make();
    const daemon = name === 'token-receiver' ? bench.receiver() : bench.sender();
    await daemon.line(/ started/);
    daemon.child.stdout?.destroy();
    daemon.child.stderr?.destroy();
    // Each is said on the closed output, and in the log file.
    const log = bench.path(name === 'token-receiver' ? 'receiver.log' : 'sender.log');
    const size = () => statSync(log, { throwIfNoEntry: false })?.size ?? 0;
    for (let turn = 0; turn < 3; turn += 1) {
      const before = size();
      daemon.signal('SIGHUP');
      await vi.waitUntil(() => size() > before, { timeout: 30_000 });
    }
    expect(daemon.child.exitCode).toBeNull();
    expect(await daemon.stop()).toMatchObject({ code: 0 });
  },
);

test('a settings file that is away for a moment is not the defaults', async () => {
  await using bench = await Bench.make();
  await bench.write('receiver.yaml', `sinks: [{ path: ${bench.path('sink')}, format: raw }]\n`);
  const receiver = bench.receiver('--config=receiver.yaml');
  await started(receiver);
  rmSync(bench.path('receiver.yaml'));
  receiver.signal('SIGHUP');
  await receiver.line(/ERROR: .*receiver\.yaml.*; going on with the configuration as it was$/);
  expect(await send(bench.socket, { access_token: 'made-up-access-token', expires_at: inSeconds(1800) })).toBe('OK');
  await receiver.stop();
  expect(readFileSync(bench.path('sink'), 'utf8')).toBe('made-up-access-token');
});

test('a certificate that has expired keeps nobody on this machine from the token', async () => {
  await using bench = await Bench.make();
  const openssl = (...args: string[]) => execFileSync('openssl', args, { cwd: bench.folder, stdio: 'pipe' });
  openssl('req', '-newkey', 'ed25519', '-nodes', '-subj', '/CN=receiver', '-keyout', 'r.key', '-out', 'r.csr');
  openssl('x509', '-req', '-in', 'r.csr', '-signkey', 'r.key', '-out', 'r.crt', '-days', '-1');
  const tls = '{"cert": "r.crt", "key": "r.key", "ca": "r.crt"}';
  const receiver = bench.receiver(`--tls=${tls}`, '--tcp-port=0', '--prefer-unix-socket=false');
  await receiver.line(/ERROR: tls: .*r\.crt expired on .* Until then no sender delivers over TLS$/);
  await started(receiver);
  expect(await send(bench.socket, { access_token: 'made-up-access-token', expires_at: inSeconds(1800) })).toBe('OK');
});
