/** What a page of the web, in a browser on this machine, can do to the sockets that it could reach: nothing. */
import { afterAll, beforeAll, expect, test } from 'vitest';
import { Bench } from '../system/processes.ts';
import { deliver } from './guarded-pair.ts';
import { exchange } from './raw-http.ts';

let bench: Bench;
let port: number;
beforeAll(async () => {
  bench = await Bench.make();
  const receiver = bench.receiver('--no-prefer-unix-socket', '--tcp-port=0');
  const line = await receiver.line(/Listening for tokens on tcp:127\.0\.0\.1:\d+/);
  port = Number(/tcp:127\.0\.0\.1:(\d+)/.exec(line)?.[1]);
  expect(await deliver({ port }, 'made-up-of-the-sender')).toBe('OK');
});
afterAll(() => bench[Symbol.asyncDispose]());

const message = JSON.stringify({ access_token: 'made-up-of-a-page', expires_at: 4_000_000_000 });
const asked = (first: string, body = '') =>
  `${first} HTTP/1.1\r\nHost: 127.0.0.1\r\nOrigin: https://made-up.example\r\nContent-Type: text/plain\r\nContent-Length: ${body.length}\r\n\r\n${body}`;

test.each([
  ['a form as plain text', asked('POST /', message)],
  [
    'a form whose field begins like a message',
    asked('POST /', `{"access_token":"made-up-of-a-page","x":"=","expires_at":4000000000}`),
  ],
  ['a fetch with a method of its own', asked('PUT /', message)],
  ['a question before a request', asked('OPTIONS /')],
  ['a message in the path', asked(`GET /${encodeURIComponent(message)}`)],
  ['a web socket', `GET / HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n${message}`],
  ['an address with https', `\u0016\u0003\u0001\u0002\u0000\u0001\u0000\u0001\u00fc\u0003\u0003${message}`],
  ['a method that looks like a token', asked('made-up-of-a-page /')],
])('the token port takes nothing from %s', async (_what, bytes) => {
  const said = await exchange({ port }, bytes);
  expect(said.text).toMatch(/^ERROR [a-z_0-9]+$/);
  expect(said.isClosed).toBe(true);
  expect((await bench.get('/v1/token/raw')).text).toBe('made-up-of-the-sender');
});
