import type { ChildProcessByStdio } from 'node:child_process';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Readable, Writable } from 'node:stream';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { ask, basic } from './client.ts';

const program = fileURLToPath(new URL('../src/main.ts', import.meta.url));
const line = /^Sandbox of Schwab's OAuth: (https?:\/\/127\.0\.0\.1:\d+) \(token URL \1\/v1\/oauth\/token\)\n$/;

let folder: string;
let running: ChildProcessByStdio<Writable, Readable, Readable>[];

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'token-sandbox-'));
  running = [];
});

afterEach(async () => {
  for (const child of running) child.kill('SIGKILL');
  await rm(folder, { recursive: true });
});

type Started = {
  child: ChildProcessByStdio<Writable, Readable, Readable>;
  baseUrl: string;
  exited: Promise<unknown[]>;
};

function run(...flags: string[]): ChildProcessByStdio<Writable, Readable, Readable> {
  const child = spawn(process.execPath, [program, ...flags], { stdio: ['pipe', 'pipe', 'pipe'] });
  running.push(child);
  return child;
}

async function start(...flags: string[]): Promise<Started> {
  const child = run(...flags);
  const exited = once(child, 'exit');
  const [first] = (await once(child.stdout, 'data')) as [Buffer];
  expect(first.toString()).toMatch(line);
  return { child, baseUrl: line.exec(first.toString())?.[1] ?? '', exited };
}

function refresh(baseUrl: string, refreshToken: string, credentials: { appKey: string; appSecret: string }) {
  return ask(`${baseUrl}/v1/oauth/token`, {
    method: 'POST',
    headers: { Authorization: basic(credentials), 'Content-Type': 'application/x-www-form-urlencoded' },
    body: new URLSearchParams({ grant_type: 'refresh_token', refresh_token: refreshToken }).toString(),
  });
}

async function refreshTokenIn(path: string): Promise<string> {
  const file = JSON.parse(await readFile(path, 'utf8')) as { token: { refresh_token: string } };
  return file.token.refresh_token;
}

test.each(['SIGTERM', 'SIGINT'] as const)('it stops on %s with exit code 0', async (signal) => {
  const { child, exited } = await start();
  child.kill(signal);
  expect(await exited).toEqual([0, null]);
});

test('it stops when its standard input ends, if asked to', async () => {
  const { child, exited } = await start('--exit-with-stdin');
  child.stdin.end();
  expect(await exited).toEqual([0, null]);
});

test('it writes a login that works, for its owner alone, and goes on with it after a restart', async () => {
  const tokenFile = join(folder, 'schwab_tokens.json');
  const credentials = { appKey: 'a-made-up-key', appSecret: 'a-made-up-secret' };
  const flags = ['--token-file', tokenFile, '--app-key', credentials.appKey, '--app-secret', credentials.appSecret];
  const first = await start(...flags);
  expect((await stat(tokenFile)).mode & 0o777).toBe(0o600);
  const refreshToken = await refreshTokenIn(tokenFile);
  expect((await refresh(first.baseUrl, refreshToken, credentials)).status).toBe(200);
  first.child.kill('SIGKILL');
  await first.exited;

  const second = await start(...flags);
  expect(await refreshTokenIn(tokenFile)).toBe(refreshToken);
  expect((await refresh(second.baseUrl, refreshToken, credentials)).status).toBe(200);
});

test('it leaves a token file alone that it cannot read, says so and runs', async () => {
  const tokenFile = join(folder, 'torn.json');
  await writeFile(tokenFile, '{"creation_');
  const { child } = await start('--token-file', tokenFile);
  child.kill('SIGTERM');
  expect(await text(child.stderr)).toContain(tokenFile);
  expect(await readFile(tokenFile, 'utf8')).toBe('{"creation_');
});

test('with --tls its certificate is what clients need to trust it', async () => {
  const caFile = join(folder, 'ca.pem');
  const { baseUrl } = await start('--tls', '--ca-file', caFile);
  expect(baseUrl).toMatch(/^https:/);
  const ca = await readFile(caFile, 'utf8');
  expect((await ask(`${baseUrl}/sandbox/state`, { ca })).status).toBe(200);
  expect((await ask(`${baseUrl.replace('127.0.0.1', 'localhost')}/sandbox/state`, { ca })).status).toBe(200);
  await expect(ask(`${baseUrl}/sandbox/state`)).rejects.toMatchObject({ code: 'DEPTH_ZERO_SELF_SIGNED_CERT' });
});

test.each([
  ['an unknown flag', ['--what']],
  ['a port that is no number', ['--port', 'x']],
  ['a port out of range', ['--port', '70000']],
  ['a lifetime of nothing', ['--access-token-seconds', '0']],
  ['a callback that is no URL', ['--callback-url', 'x']],
  ['a certificate without TLS', ['--ca-file', 'x.pem']],
  ['an argument', ['x']],
])('%s is exit code 2', async (_, flags) => {
  const child = run(...flags);
  const [exit, complaint] = await Promise.all([once(child, 'exit'), text(child.stderr)]);
  expect(exit).toEqual([2, null]);
  expect(complaint).not.toMatch(/\n +at /);
});

test('a port in use is exit code 1 and a line that names it', async () => {
  const { baseUrl } = await start();
  const { port } = new URL(baseUrl);
  const child = run('--port', port);
  const [exit, complaint] = await Promise.all([once(child, 'exit'), text(child.stderr)]);
  expect(exit).toEqual([1, null]);
  expect(complaint).toContain(port);
});

test('its lifetimes are those that it was given', async () => {
  const tokenFile = join(folder, 'tokens.json');
  await start('--access-token-seconds', '7', '--token-file', tokenFile);
  expect(JSON.parse(await readFile(tokenFile, 'utf8'))).toMatchObject({ token: { expires_in: 7 } });
});

test('with --auto-approve and --callback-url the authorize URL redirects there at once', async () => {
  const callbackUrl = 'https://127.0.0.1:9443/back';
  const { baseUrl } = await start('--auto-approve', '--callback-url', callbackUrl, '--app-key', 'made-up-key');
  const query = new URLSearchParams({ client_id: 'made-up-key', redirect_uri: callbackUrl });
  const reply = await ask(`${baseUrl}/v1/oauth/authorize?${query.toString()}`);
  expect(reply.status).toBe(302);
  expect(reply.headers.location).toMatch(/^https:\/\/127\.0\.0\.1:9443\/back\?code=/);
});
