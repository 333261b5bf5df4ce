import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import type { Server } from 'node:http';
import { connect, createServer, type Server as NetServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import {
  createLocalHttp,
  HttpCounts,
  PreparedAnswer,
  problem,
  requestLocal,
  type LocalHttpOptions,
  type Route,
} from '../src/index.ts';

let folder: string;
let socketPath: string;
let server: Server | undefined;
let other: NetServer | undefined;
const log = { debug: vi.fn(), info: vi.fn(), warn: vi.fn(), error: vi.fn() };

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'http-'));
  socketPath = join(folder, 'api.sock');
  vi.clearAllMocks();
});
afterEach(async () => {
  server?.close();
  server?.closeAllConnections();
  server = undefined;
  other?.close();
  other = undefined;
  await rm(folder, { recursive: true, force: true });
});

const routes: Route[] = [
  { method: 'GET', path: '/v1/status', answer: () => ({ status: 200, body: { state: 'fine' } }) },
  {
    method: 'GET',
    path: '/v1/echo',
    answer: ({ url, headers }) =>
      Promise.resolve({
        status: 200,
        body: `${url.searchParams.get('q') ?? ''} ${String(headers['x-a'] ?? '')}`,
      }),
  },
  { method: 'POST', path: '/v1/refresh', answer: () => ({ status: 202, body: { asked: true } }) },
  { method: 'GET', path: '/none', answer: () => ({ status: 304, headers: { ETag: '"1"' } }) },
  {
    method: 'GET',
    path: '/throws',
    answer: () => {
      throw new Error('inner detail');
    },
  },
  { method: 'GET', path: '/rejects', answer: () => Promise.reject(new Error('inner detail')) },
  {
    method: 'GET',
    path: '/missing',
    answer: () => problem(404, 'token_not_found', 'No token yet', 'Start the sender'),
  },
];

async function listen(over: Partial<LocalHttpOptions> = {}, extra: Route[] = []): Promise<void> {
  server = createLocalHttp([...routes, ...extra], { log, ...over });
  server.listen(socketPath);
  await once(server, 'listening');
}

/** Sends bytes as they are and gives back everything until the server ends the connection. */
async function raw(bytes: string | Buffer): Promise<string> {
  const socket = connect(socketPath);
  socket.end(bytes);
  let text = '';
  for await (const chunk of socket.setEncoding('utf8') as AsyncIterable<string>) text += chunk;
  return text;
}
const get = (path: string, fields = ''): string =>
  `GET ${path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n${fields}\r\n`;

describe('the server', () => {
  test('answers a route with JSON, uncached and unsniffed', async () => {
    await listen();
    const text = await raw(get('/v1/status'));
    expect(text).toMatch(/^HTTP\/1\.1 200 OK\r\n/);
    expect(text).toContain('Cache-Control: no-store\r\n');
    expect(text).toContain('X-Content-Type-Options: nosniff\r\n');
    expect(text).toContain('Content-Type: application/json\r\n');
    expect(text).toContain('Content-Length: 16\r\n');
    expect(text).toMatch(/\r\n\r\n\{"state":"fine"\}$/);
  });

  test('gives a route the query and the headers, also when the client names the whole URL', async () => {
    await listen();
    expect(await raw(get('/v1/echo?q=1%2B1', 'X-A: b\r\n'))).toMatch(/text\/plain; charset=utf-8[^]*\r\n\r\n1\+1 b$/);
    expect(await raw(get('http://localhost/v1/echo?q=2'))).toMatch(/\r\n\r\n2 $/);
  });

  test('answers HEAD as GET, without the body', async () => {
    await listen();
    const text = await raw(get('/v1/status').replace('GET', 'HEAD'));
    expect(text).toContain('Content-Length: 16\r\n');
    expect(text.endsWith('\r\n\r\n')).toBe(true);
  });

  test('answers 304 with neither body nor length', async () => {
    await listen();
    const text = await raw(get('/none'));
    expect(text).toMatch(/^HTTP\/1\.1 304 /);
    expect(text).toContain('ETag: "1"');
    expect(text.toLowerCase()).not.toContain('content-length');
  });

  test.each([
    ['an unknown path', get('/nowhere'), 404, 'not_found'],
    ['a path that only begins like one', get('/v1/status/more'), 404, 'not_found'],
    ['a path with a host in it', get('//v1/status'), 404, 'not_found'],
    ['a target that is no path', get('*'), 404, 'not_found'],
    ['a wrong method', get('/v1/refresh'), 405, 'method_not_allowed'],
    ['a tunnel', 'CONNECT example.com:443 HTTP/1.1\r\nHost: example.com\r\n\r\n', 405, 'method_not_allowed'],
    [
      'a wrong method, before its body',
      get('/v1/status', 'Content-Length: 9\r\n').replace('GET', 'POST'),
      405,
      'method_not_allowed',
    ],
    [
      'an unknown path, before its body',
      get('/nowhere', 'Content-Length: 9\r\n').replace('GET', 'POST'),
      404,
      'not_found',
    ],
    ['a method of no route', get('/v1/status').replace('GET', 'DELETE'), 405, 'method_not_allowed'],
    ['a web page', get('/v1/status', 'Origin: https://example.com\r\n'), 403, 'forbidden_origin'],
    ['no Host', 'GET /v1/status HTTP/1.1\r\nConnection: close\r\n\r\n', 400, 'bad_request'],
    ['something else than HTTP', '{"access_token": "x"}\r\n\r\n', 400, 'bad_request'],
    ['a path and query that are too long', get(`/v1/echo?q=${'a'.repeat(3_000)}`), 414, 'url_too_long'],
    ['headers without end', get('/v1/status', `X-A: ${'a'.repeat(10_000)}\r\n`), 431, 'headers_too_large'],
    ['a failing route', get('/throws'), 500, 'internal_error'],
    ['a route that fails later', get('/rejects'), 500, 'internal_error'],
    ['a problem of a route', get('/missing'), 404, 'token_not_found'],
  ])('answers %s with a problem of its own', async (_what, request, status, code) => {
    await listen();
    const text = await raw(request);
    expect(text).toMatch(new RegExp(`^HTTP/1\\.1 ${status} `));
    expect(text).toContain('Content-Type: application/problem+json');
    const body: unknown = JSON.parse(text.slice(text.indexOf('\r\n\r\n') + 4));
    expect(body).toMatchObject({ type: 'about:blank', status, code });
    expect(text).not.toContain('inner detail');
    if (status === 500) expect(log.error).toHaveBeenCalledExactlyOnceWith(expect.stringContaining('inner detail'));
  });

  test('counts its answers by route and status, under names that no client makes up', async () => {
    const counts = new HttpCounts();
    await listen({ counts });
    for (const path of ['/v1/status', '/v1/status', '/made-up', '/throws', '/none']) await raw(get(path));
    await raw('made up\r\n\r\n');
    expect(counts.requests()).toEqual([
      { route: '/v1/status', status: 200, count: 2 },
      { route: 'other', status: 404, count: 1 },
      { route: 'other', status: 400, count: 1 },
      { route: '/throws', status: 500, count: 1 },
      { route: '/none', status: 304, count: 1 },
    ]);
  });

  test('sends a prepared answer as any other', async () => {
    const answer = { status: 200, headers: { ETag: '"1"' }, body: { letters: 'é' } };
    const prepared = new PreparedAnswer(answer);
    await listen({}, [
      { method: 'GET', path: '/prepared', answer: () => prepared },
      { method: 'GET', path: '/plain', answer: () => answer },
    ]);
    const withoutDate = (text: string): string => text.replace(/Date: .*/, '');
    const plain = withoutDate(await raw(get('/plain')));
    expect(plain).toContain('"é"');
    expect([await raw(get('/prepared')), await raw(get('/prepared'))].map(withoutDate)).toEqual([plain, plain]);
  });

  test('gives a route the first value of a query parameter, and what is known of one without', async () => {
    const asked: unknown[] = [];
    await listen({}, [
      {
        method: 'GET',
        path: '/query',
        answer: (request) => ({ status: 200, body: String(asked.push(request.queryValue('q'))) }),
      },
    ]);
    for (const query of ['', '?', '?other=1', '?q', '?q=1&q=2', '?q=1%2B1+2']) await raw(get(`/query${query}`));
    expect(asked).toEqual([undefined, undefined, undefined, '', '1', '1+1 2']);
  });

  test('names the methods that a path has', async () => {
    await listen();
    expect(await raw(get('/v1/refresh'))).toContain('Allow: POST\r\n');
    expect(await raw(get('/v1/status').replace('GET', 'PUT'))).toContain('Allow: GET, HEAD\r\n');
  });

  test.each([
    ['declared', 'Content-Length: 5000\r\n', 'x'.repeat(5000)],
    ['in pieces', 'Transfer-Encoding: chunked\r\n', `1388\r\n${'x'.repeat(5000)}\r\n0\r\n\r\n`],
  ])('refuses a body over the limit, %s, and reads one at the limit', async (_how, field, body) => {
    await listen();
    const post = get('/v1/refresh', field).replace('GET', 'POST');
    expect(await raw(post + body)).toMatch(/^HTTP\/1\.1 413 /);
    expect(await raw(get('/v1/refresh', 'Content-Length: 4096\r\n').replace('GET', 'POST') + 'x'.repeat(4096))).toMatch(
      /^HTTP\/1\.1 202 /,
    );
  });

  test.each([
    ['an object', '{"url":"a"}', 200, '{"url":"a"}'],
    ['letters of other alphabets', '"é"', 200, '"é"'],
    ['nothing', '', 200, 'none'],
    ['what is not JSON', '{"url":', 400, 'bad_json'],
    ['what is not UTF-8', '"\u00e9"', 400, 'bad_json', 'latin1'],
    ['more than the route takes', `"${'x'.repeat(5_999)}"`, 413, 'At most 6000 bytes'],
  ] as const)(
    'gives a route that takes JSON its body: %s',
    async (_what, body, status, text, encoding: BufferEncoding = 'utf8') => {
      await listen({}, [
        {
          method: 'POST',
          path: '/v1/echo',
          maxJsonBytes: 6_000,
          answer: ({ json }) => ({ status: 200, body: json === undefined ? 'none' : JSON.stringify(json) }),
        },
      ]);
      const bytes = Buffer.from(body, encoding);
      const head = get('/v1/echo', `Content-Length: ${bytes.length}\r\n`).replace('GET', 'POST');
      const reply = await raw(Buffer.concat([Buffer.from(head), bytes]));
      expect(reply).toMatch(new RegExp(`^HTTP/1\\.1 ${status} `));
      expect(reply).toContain(text);
    },
  );

  test('a body is not kept for a route that takes none', async () => {
    let seen: unknown = 'not asked';
    await listen({}, [
      { method: 'POST', path: '/v1/plain', answer: ({ json }) => ({ status: 200, body: String((seen = json)) }) },
    ]);
    const body = '{"a":1}';
    await raw(get('/v1/plain', `Content-Length: ${body.length}\r\n`).replace('GET', 'POST') + body);
    expect(seen).toBeUndefined();
  });

  test('keeps a connection for the next request', async () => {
    await listen();
    const answers = await raw(get('/v1/status').replace('Connection: close\r\n', '') + get('/v1/echo?q=again'));
    expect(answers.match(/HTTP\/1\.1 200 OK/g)).toHaveLength(2);
  });

  test('tells a waiting route when its client is gone', async () => {
    const started = Promise.withResolvers<undefined>();
    const ended = Promise.withResolvers<undefined>();
    await listen({}, [
      {
        method: 'GET',
        path: '/wait',
        answer: ({ signal }) =>
          new Promise((resolve) => {
            signal.addEventListener('abort', () => {
              ended.resolve(undefined);
              resolve({ status: 204 });
            });
            started.resolve(undefined);
          }),
      },
    ]);
    const socket = connect(socketPath);
    socket.write(get('/wait'));
    await started.promise;
    socket.destroy();
    await ended.promise;
  });

  test('closes a client that never finishes its request, and answers it 408', async () => {
    await listen({ headersTimeoutMs: 50, requestTimeoutMs: 50 });
    const socket = connect(socketPath);
    socket.write('GET /v1/status HTTP/1.1\r\nHost: l');
    let text = '';
    for await (const chunk of socket.setEncoding('utf8') as AsyncIterable<string>) text += chunk;
    expect(text).toMatch(/^HTTP\/1\.1 408 [^]*"code":"timeout"/);
  });
});

describe('the client', () => {
  const ask = { method: 'GET', path: '/v1/status', timeoutMs: 5000 } as const;

  test('resolves with status, parsed JSON and text, whatever the status', async () => {
    await listen();
    expect(await requestLocal(socketPath, ask)).toEqual({
      status: 200,
      body: { state: 'fine' },
      text: '{"state":"fine"}',
    });
    expect(await requestLocal(socketPath, { ...ask, path: '/v1/echo?q=t' })).toEqual({
      status: 200,
      body: undefined,
      text: 't ',
    });
    expect(await requestLocal(socketPath, { ...ask, path: '/missing' })).toMatchObject({
      status: 404,
      body: { code: 'token_not_found', detail: 'Start the sender' },
    });
    expect(await requestLocal(socketPath, { ...ask, method: 'POST', path: '/v1/refresh' })).toMatchObject({
      status: 202,
    });
  });

  test('sends a JSON body', async () => {
    await listen({}, [
      {
        method: 'POST',
        path: '/v1/json',
        maxJsonBytes: 100,
        answer: ({ json }) => ({ status: 200, body: { got: json } }),
      },
    ]);
    const asked = { method: 'POST', path: '/v1/json', timeoutMs: 5000, json: { url: 'é' } } as const;
    expect((await requestLocal(socketPath, asked)).body).toEqual({ got: { url: 'é' } });
  });

  test('says that nobody listens, and where', async () => {
    await expect(requestLocal(socketPath, ask)).rejects.toMatchObject({
      code: 'daemon_not_running',
      message: `nobody listens on ${socketPath}; is the daemon running?`,
    });
    await writeFile(socketPath, 'not a socket');
    await expect(requestLocal(socketPath, ask)).rejects.toMatchObject({ code: 'daemon_not_running', socketPath });
  });

  async function speak(reply: string | undefined): Promise<void> {
    other = createServer((socket) => {
      socket.on('error', () => undefined);
      socket.on('data', () => (reply === undefined ? undefined : socket.end(reply)));
    });
    other.listen(socketPath);
    await once(other, 'listening');
  }

  test.each([
    ['another protocol', 'OK'],
    ['nothing', ''],
    ['a cut-off body', 'HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n{'],
    ['broken JSON', 'HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 1\r\n\r\n{'],
    ['a body without end', `HTTP/1.1 200 OK\r\n\r\n${'x'.repeat(1024 ** 2 + 1)}`],
  ])('rejects %s as a bad answer', async (_what, reply) => {
    await speak(reply);
    await expect(requestLocal(socketPath, ask)).rejects.toMatchObject({
      code: 'bad_answer',
      message: expect.stringContaining(socketPath) as string,
    });
  });

  test('gives up at its deadline and at an abort', async () => {
    await speak(undefined);
    await expect(requestLocal(socketPath, { ...ask, timeoutMs: 20 })).rejects.toMatchObject({ code: 'timeout' });
    const stop = new AbortController();
    const asking = requestLocal(socketPath, { ...ask, signal: stop.signal });
    stop.abort(new Error('stopped'));
    await expect(asking).rejects.toThrow('stopped');
    await expect(requestLocal(socketPath, { ...ask, signal: stop.signal })).rejects.toThrow('stopped');
  });
});
