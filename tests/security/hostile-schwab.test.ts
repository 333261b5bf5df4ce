/** A token address that answers as somebody would who has taken it over: the login that is there is neither lost nor passed on. */
import { once } from 'node:events';
import { createServer, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { readFile } from 'node:fs/promises';
import { gzipSync } from 'node:zlib';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { Bench, type Program } from '../system/processes.ts';

const good = { expires_in: 1800, token_type: 'Bearer', scope: 'api', refresh_token: 'made-up-refresh@' };
const json = (body: object) => (response: ServerResponse) => {
  response.writeHead(200, { 'Content-Type': 'application/json' }).end(JSON.stringify(body));
};
/** Half a gigabyte of spaces, in half a megabyte. */
const bomb = gzipSync(Buffer.alloc(512 * 1024 ** 2, ' '));

const answers: readonly (readonly [string, (response: ServerResponse) => void])[] = [
  ['a token that would begin another header field', json({ ...good, access_token: 'made-up\r\nX-Made-Up: 1' })],
  ['a token that would begin another line of a file', json({ ...good, access_token: 'made-up\nBASH_ENV=/tmp/x' })],
  ['a token with a NUL', json({ ...good, access_token: 'made-up\0' })],
  ['a token of other letters', json({ ...good, access_token: 'mäde-up' })],
  ['no token', json({ ...good, access_token: '' })],
  ['a token that is an object', json({ ...good, access_token: { $ne: '' } })],
  ['a refresh token with a line break', json({ ...good, access_token: 'made-up-token', refresh_token: 'a\nb' })],
  [
    'half a gigabyte, packed',
    (response) =>
      void response.writeHead(200, { 'Content-Type': 'application/json', 'Content-Encoding': 'gzip' }).end(bomb),
  ],
  [
    'an error that would write lines into the log',
    (response) => {
      const forged = 'x\u001b[2J\n[2030-01-01 00:00:00] ERROR: made-up';
      response.writeHead(400).end(JSON.stringify({ error: forged, error_description: forged }));
    },
  ],
  ['a redirect to another host', (response) => void response.writeHead(307, { Location: 'http://127.0.0.1:9/' }).end()],
  ['a wait of a year', (response) => void response.writeHead(429, { 'Retry-After': '31536000' }).end()],
];

let bench: Bench;
let schwab: Server;
let sender: Program;
let answer: (response: ServerResponse) => void;
beforeAll(async () => {
  schwab = createServer((request, response) => {
    request.resume().on('end', () => answer(response));
  }).listen(0, '127.0.0.1');
  await once(schwab, 'listening');
  const url = `http://127.0.0.1:${(schwab.address() as AddressInfo).port}/`;
  bench = await Bench.make();
  const receiver = bench.receiver();
  await receiver.line(/started/);
  // Above this, V8 ends it.
  const env = { NODE_OPTIONS: '--max-old-space-size=64' };
  const args = [...bench.senderArguments(), `--token-url=${url}`];
  sender = bench.start('token-refresh-sender', ['run', ...args], { env });
  await receiver.line(/Token received/);
});
afterAll(async () => {
  schwab.close();
  schwab.closeAllConnections();
  await bench[Symbol.asyncDispose]();
});

test.each(answers)('%s: refused in words, and the login stays what it was', async (_what, hostile) => {
  const [file, held] = [await readFile(bench.tokenFile, 'utf8'), (await bench.get('/v1/token/raw')).text];
  answer = hostile;
  const from = sender.lines.length;
  const { code, stdout, stderr } = await bench.senderCommand('refresh');
  expect(code, stdout + stderr).not.toBe(0);
  expect(await readFile(bench.tokenFile, 'utf8')).toBe(file);
  expect((await bench.get('/v1/token/raw')).text).toBe(held);
  expect((await bench.senderCommand('status')).code).toBe(0);
  for (const line of sender.lines.slice(from)) {
    expect(line).toMatch(/^\[\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\] [A-Z]+: /);
    expect(line).not.toMatch(/\p{Cc}|made-up|2030/u);
  }
});
