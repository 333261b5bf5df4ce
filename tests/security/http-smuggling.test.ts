/** Bytes that one reader could take for one request and another for two: on every HTTP interface of both daemons. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { freePort } from '../../apps/sender/tests/free-port.ts';
import { Bench } from '../system/processes.ts';
import { guardedPair, type GuardedPair, type Interface } from './guarded-pair.ts';
import { exchange, statuses } from './raw-http.ts';

let bench: Bench;
let pair: GuardedPair;
beforeAll(async () => {
  bench = await Bench.make();
  pair = await guardedPair(bench, await freePort());
});
afterAll(() => bench[Symbol.asyncDispose]());

type Bytes = (to: Interface) => string;
const get: Bytes = ({ path, host }) => `GET ${path} HTTP/1.1\r\nHost: ${host}\r\n\r\n`;
/** A head with these fields, what follows it, and a whole request after that, which is not to be answered. */
const posted =
  (fields: string, body: string): Bytes =>
  (to) =>
    `POST ${to.post} HTTP/1.1\r\nHost: ${to.host}\r\n${fields}\r\n${body}${get(to)}`;
const got =
  (fields: string, rest = ''): Bytes =>
  ({ path, host }) =>
    `GET ${path} HTTP/1.1\r\nHost: ${host}\r\n${fields}\r\n${rest}`;

/** Each on all of them, because they are not all made of the same. */
async function onEach(bytes: Bytes, look: (to: Interface, said: Awaited<ReturnType<typeof exchange>>) => void) {
  await Promise.all(pair.http.map(async (to) => look(to, await exchange(to, bytes(to)))));
}

describe('is answered at most once, gives nothing away, and ends the connection:', () => {
  test.each<[string, Bytes]>([
    ['both lengths', posted('Content-Length: 5\r\nTransfer-Encoding: chunked\r\n', '0\r\n\r\n')],
    ['two lengths', posted('Content-Length: 5\r\nContent-Length: 6\r\n', 'abcde')],
    ['one length twice', posted('Content-Length: 5\r\nContent-Length: 5\r\n', 'abcde')],
    ['a list of lengths', posted('Content-Length: 5, 5\r\n', 'abcde')],
    ['a length with a sign', posted('Content-Length: +5\r\n', 'abcde')],
    ['a length below nothing', posted('Content-Length: -1\r\n', '')],
    ['a length beyond all numbers', posted('Content-Length: 18446744073709551617\r\n', 'a')],
    ['a space before the colon', posted('Content-Length : 5\r\n', 'abcde')],
    ['an encoding that is none', posted('Transfer-Encoding: xchunked\r\n', '0\r\n\r\n')],
    ['an encoding after chunked', posted('Transfer-Encoding: chunked, identity\r\n', '0\r\n\r\n')],
    ['two encodings', posted('Transfer-Encoding: chunked\r\nTransfer-Encoding: identity\r\n', '0\r\n\r\n')],
    ['an encoding behind a vertical tab', posted('Transfer-Encoding:\u000bchunked\r\n', '0\r\n\r\n')],
    ['a chunk of negative size', posted('Transfer-Encoding: chunked\r\n', '-1\r\n')],
    ['a chunk that is longer than it says', posted('Transfer-Encoding: chunked\r\n', '3\r\nabcdX0\r\n\r\n')],
    ['chunks with bare line feeds', posted('Transfer-Encoding: chunked\r\n', '0\n\n')],
    ['a line feed inside a chunk’s extension', posted('Transfer-Encoding: chunked\r\n', '0;a=\n\r\n\r\n')],
    ['a length in the trailer', posted('Transfer-Encoding: chunked\r\n', '0\r\nContent-Length: 5\r\n\r\n')],
    ['a folded field', got('X-A: a\r\n Origin: b\r\n')],
    ['a folded name', got('Origin\r\n : http://a\r\n')],
    ['a bare carriage return', got('X-A: a\rOrigin: b\r\n')],
    ['a bare line feed', got('X-A: a\nOrigin: b\r\n')],
    ['lines that end in line feeds', (to) => get(to).replaceAll('\r\n', '\n')],
    ['a NUL in a field', got('X-A: a\0b\r\n')],
    ['a NUL in the path', (to) => get({ ...to, path: `${to.path}\0` })],
    ['tabs in the first line', (to) => get(to).replace(/ /g, '\t')],
    ['two hosts', got('Host: made-up.example\r\n')],
    ['HTTP/0.9', ({ path }) => `GET ${path}\r\n\r\n`],
    ['HTTP/2', () => 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n'],
    ['HTTP/1.12', (to) => get(to).replace('1.1\r', '1.12\r')],
    ['a tunnel', (to) => `CONNECT made-up.example:443 HTTP/1.1\r\nHost: ${to.host}\r\n\r\n${get(to)}`],
    ['a broken request, with a whole one behind it', (to) => `BROKEN\r\n\r\n${get(to)}`],
    ['a body that is too large, with a request behind it', posted('Content-Length: 9000\r\n', 'x'.repeat(9_000))],
    ['a page of another site, with a request behind it', (to) => got('Origin: http://a\r\n')(to) + get(to)],
  ])('%s', async (_what, bytes) => {
    await onEach(bytes, (to, said) => {
      expect(statuses(said).length, to.name).toBeLessThanOrEqual(1);
      expect(statuses(said), to.name).not.toContain(200);
      expect(said.isClosed, to.name).toBe(true);
      expect(said.text, to.name).not.toContain(pair.token);
    });
  });
});

test('what follows a request that was said to be the last is not answered', async () => {
  for (const version of ['HTTP/1.1', 'HTTP/1.0']) {
    const last = (to: Interface) => got('Connection: close\r\n')(to).replace('HTTP/1.1', version) + get(to);
    await onEach(last, (to, said) => {
      expect(statuses(said), to.name).toHaveLength(1);
      expect(said.isClosed, to.name).toBe(true);
    });
  }
});

test('a request in the body of another is a body, and the answer that does not wait for it is the last', async () => {
  const nested: Bytes = (to) => got(`Content-Length: ${get(to).length}\r\n`)(to) + get(to) + get(to);
  await onEach(nested, (to, said) => {
    expect(statuses(said), to.name).toHaveLength(1);
    expect(said.isClosed, to.name).toBe(true);
  });
});

test.each([
  ['Origin: https://made-up.example\r\n'],
  ['Origin: null\r\n'],
  ['Origin:\r\n'],
  ['oRiGiN: a\r\nOrigin: b\r\n'],
  ['Origin : a\r\n'],
  ['Connection: Upgrade\r\nUpgrade: websocket\r\nOrigin: https://made-up.example\r\n'],
])('no token is given to a request with %j', async (fields) => {
  const [api] = pair.http;
  if (api === undefined) throw new Error('no api.sock');
  for (const path of ['/v1/token', '/v1/token/raw', '/v1/token/events', '/v1/token?wait=1']) {
    const said = await exchange(api, got(fields)({ ...api, path }));
    expect(statuses(said)).toHaveLength(1);
    expect([400, 403]).toContain(statuses(said)[0]);
    expect(said.isClosed).toBe(true);
    expect(said.text).not.toContain(pair.token);
  }
});

test('a whole address in the first line gets round no check of the host', async () => {
  await onEach(
    ({ path, host }) => `GET http://${host}${path} HTTP/1.1\r\nHost: made-up.example\r\n\r\n`,
    (to, said) => {
      // A Unix socket has no name that a page could take for its own.
      if (to.unix === undefined) expect([404, 421], to.name).toContain(statuses(said)[0]);
      else expect(statuses(said), to.name).toEqual([200]);
    },
  );
});

test('the callback takes no redirect under two names', async () => {
  const callback = pair.http.find(({ isTls }) => isTls);
  if (callback === undefined) throw new Error('no callback');
  const redirect = { ...callback, path: '/?code=made-up&state=of-no-login' };
  expect(statuses(await exchange(callback, get(redirect)))).toEqual([303]);
  for (const host of ['made-up.example', callback.host]) {
    expect(statuses(await exchange(callback, got(`Host: ${host}\r\n`)(redirect)))).toEqual([404]);
  }
});

test('byte by byte, no more comes of it', async () => {
  const two: Bytes = (to) => posted('Content-Length: 5\r\nTransfer-Encoding: chunked\r\n', '0\r\n\r\n')(to);
  await Promise.all(
    pair.http.map(async (to) => {
      const said = await exchange(to, two(to).split(/(?=[^])/));
      // Who goes on writing to what was closed may lose the answer.
      expect([[], [400]], to.name).toContainEqual(statuses(said));
      expect(said.isClosed, to.name).toBe(true);
    }),
  );
});
