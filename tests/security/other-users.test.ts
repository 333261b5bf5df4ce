/** What users of this machine can do that are not the daemons' own. As root, which is who may be somebody else. */
import { globSync, statSync } from 'node:fs';
import { chmod } from 'node:fs/promises';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { freePort } from '../../apps/sender/tests/free-port.ts';
import { Bench } from '../system/processes.ts';
import { deliver, guardedPair, type GuardedPair } from './guarded-pair.ts';
import { asStranger } from './other-user.ts';
import { exchange, statuses } from './raw-http.ts';

/** A group that no user of this machine has. */
const GROUP = 4_000_123;

let bench: Bench;
let pair: GuardedPair;
beforeAll(async () => {
  bench = await Bench.make();
  pair = await guardedPair(bench, await freePort(), [`--socket-group=${GROUP}`]);
  await bench.receiverCommand('token');
  // The worst case: the runtime folder is private, and nobody else gets as far as the sockets.
  await chmod(bench.folder, 0o755);
});
afterAll(() => bench[Symbol.asyncDispose]());

const everything = (): readonly string[] =>
  globSync('**/*', { cwd: bench.folder, withFileTypes: true })
    .filter((entry) => !entry.isDirectory())
    .map((entry) => `${entry.parentPath}/${entry.name}`);
const names = (paths: readonly string[]) => paths.map((path) => path.slice(bench.folder.length + 1)).sort();
const openTo = (tried: Readonly<Record<string, string>>) =>
  names(Object.keys(tried).filter((path) => tried[path] === 'ok'));

test('another user reaches no socket, and reads no file but the logs', () => {
  const paths = everything();
  expect(names(paths)).toEqual(
    expect.arrayContaining([
      ...['api.sock', 'api.state.json', 'app.yaml', 'control.sock', 'credential.sock'],
      ...['schwab_tokens.json', 'token.sock'],
    ]),
  );
  expect(openTo(asStranger(paths)).filter((name) => !name.endsWith('.log'))).toEqual([]);
});

test('a member of socket_group reaches the token socket and api.sock, and nothing else', () => {
  const open = openTo(asStranger(everything(), GROUP));
  expect(open.filter((name) => !name.endsWith('.log'))).toEqual(['api.sock', 'token.sock']);
});

test('every file that holds a secret is for its owner alone', () => {
  for (const name of ['app.yaml', 'schwab_tokens.json', 'api.state.json']) {
    expect(statSync(bench.path(name)).mode & 0o777, name).toBe(0o600);
  }
});

describe('the ports that every user reaches', () => {
  test('hand out no token, whatever is asked for; the page alone shows a fingerprint', async () => {
    const paths = [
      ...['/', '/events', '/style.css', '/script.js', '/v1/token', '/v1/token/raw', '/v1/token/events'],
      ...['/v1/history', '/v1/status', '/v1/login', '/openapi.json', '/metrics', '/healthz', '/readyz'],
    ];
    const { tokens } = JSON.parse((await bench.get('/v1/history')).text) as {
      tokens: readonly { fingerprint: string }[];
    };
    const fingerprint = tokens[0]?.fingerprint ?? '';
    expect(fingerprint).toMatch(/^[0-9a-f]{8}$/);
    const ports = pair.http.filter(({ port }) => port !== undefined);
    for (const to of ports) {
      for (const path of paths) {
        const said = await exchange(to, `GET ${path} HTTP/1.1\r\nHost: ${to.host}\r\nConnection: close\r\n\r\n`, 50);
        expect(said.text, `${to.name} ${path}`).not.toContain(pair.token);
        if (to.name !== 'web page') expect(said.text, `${to.name} ${path}`).not.toContain(fingerprint);
      }
    }
    expect(ports).toHaveLength(4);
  });

  test('carry out nothing: a refresh and a login begin at the control socket, or with the page’s own form', async () => {
    const before = bench.sandbox.requests.length;
    for (const to of pair.http.filter(({ port, isTls }) => port !== undefined && isTls !== true)) {
      for (const path of ['/v1/refresh', '/v1/login', '/login', '/login/paste', '/login/cancel']) {
        const form = 'Content-Type: application/x-www-form-urlencoded\r\nContent-Length: 6\r\n';
        const said = await exchange(to, `POST ${path} HTTP/1.1\r\nHost: ${to.host}\r\n${form}\r\ncsrf=a`, 50);
        expect([403, 404, 405], `${to.name} ${path}`).toContain(statuses(said)[0]);
      }
    }
    expect(bench.sandbox.requests).toHaveLength(before);
  });
});

test('with the token port in use, every user may hand in a token, and is given none', async () => {
  await using other = await Bench.make();
  const receiver = other.receiver('--no-prefer-unix-socket', '--tcp-port=0');
  const line = await receiver.line(/Listening for tokens on tcp:127\.0\.0\.1:\d+/);
  const port = Number(/tcp:127\.0\.0\.1:(\d+)/.exec(line)?.[1]);
  expect(await deliver({ port }, 'made-up-by-a-stranger')).toBe('OK');
  for (const bytes of ['', '\n', 'GET /v1/token/raw HTTP/1.1\r\n\r\n', '{}']) {
    expect((await exchange({ port }, `${bytes}\n`)).text).not.toContain('made-up');
  }
});
