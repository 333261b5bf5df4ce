import { once } from 'node:events';
import { createServer, request as httpRequest, type IncomingHttpHeaders, type IncomingMessage } from 'node:http';
import { connect } from 'node:net';
import { afterEach, beforeEach, expect, onTestFinished, test, vi } from 'vitest';
import { openWebServer, type WebServer } from '../src/web/server.ts';
import { MadeUpSource, madeUpStates } from './made-up-web-source.ts';
import { recordingLog } from './recording-log.ts';

const now = Date.parse('2026-11-20T15:40:00Z');
const healthy = madeUpStates(now)['healthy'];
if (healthy === undefined) throw new Error('no healthy state');

let source: MadeUpSource;
let server: WebServer;
let logLines: string[];

beforeEach(async () => {
  source = new MadeUpSource(healthy);
  logLines = [];
  server = await openWebServer({ port: 0, source, log: recordingLog(logLines) });
});
afterEach(async () => {
  await server.close();
});

interface Answer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly text: string;
}

interface Asked {
  readonly method?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
}

async function open(path: string, { method = 'GET', headers = {}, body }: Asked = {}): Promise<IncomingMessage> {
  const request = httpRequest(new URL(path, server.url), { method, headers, agent: false });
  request.end(body);
  const [response] = (await once(request, 'response')) as [IncomingMessage];
  return response;
}

async function ask(path: string, asked: Asked = {}): Promise<Answer> {
  const response = await open(path, asked);
  const chunks = await response.toArray();
  return {
    status: response.statusCode ?? 0,
    headers: response.headers,
    text: Buffer.concat(chunks as Buffer[]).toString(),
  };
}

async function csrfToken(): Promise<string> {
  const { text } = await ask('/');
  return /name="csrf" value="([^"]+)"/.exec(text)?.[1] ?? '';
}

/** As a browser sends a form of the page. */
async function post(
  path: string,
  fields: Readonly<Record<string, string>>,
  headers: Readonly<Record<string, string>> = {},
) {
  return ask(path, {
    method: 'POST',
    headers: {
      'Content-Type': 'application/x-www-form-urlencoded',
      Origin: server.url.slice(0, -1),
      'Sec-Fetch-Site': 'same-origin',
      ...headers,
    },
    body: new URLSearchParams(fields).toString(),
  });
}

/** The events of a stream, each parsed; ends with the connection. */
async function* eventsOf(response: IncomingMessage): AsyncGenerator<{ title: string; main: string; nowMs: number }> {
  let rest = '';
  for await (const chunk of response as AsyncIterable<Buffer>) {
    rest += chunk.toString();
    const blocks = rest.split('\n\n');
    rest = blocks.pop() ?? '';
    for (const block of blocks) {
      const data = /^data: (.*)$/m.exec(block)?.[1];
      if (data !== undefined) yield JSON.parse(data) as { title: string; main: string; nowMs: number };
    }
  }
}

test.each([
  ['/', 'text/html; charset=utf-8'],
  ['/style.css', 'text/css; charset=utf-8'],
  ['/script.js', 'text/javascript; charset=utf-8'],
  ['/favicon.svg', 'image/svg+xml'],
])('%s is served as %s, and may do nothing that it need not', async (path, type) => {
  const { status, headers } = await ask(path);
  expect(status).toBe(200);
  expect(headers).toMatchObject({
    'content-type': type,
    'cache-control': 'no-store',
    'x-content-type-options': 'nosniff',
    'x-frame-options': 'DENY',
    'referrer-policy': 'same-origin',
    'cross-origin-resource-policy': 'same-origin',
  });
  expect(headers['content-security-policy']).toBe(
    "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self' data:; connect-src 'self'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'",
  );
});

test('it listens on 127.0.0.1 only', () => {
  expect(server.url).toMatch(/^http:\/\/127\.0\.0\.1:\d+\/$/);
});

test.each([
  ['GET', '/nothing', 404],
  ['POST', '/', 404],
  ['PUT', '/login', 405],
  ['GET', '/login', 404],
])('%s %s is answered with %i', async (method, path, status) => {
  expect((await ask(path, { method, headers: { Origin: server.url.slice(0, -1) } })).status).toBe(status);
});

test('HEAD has the length and no body', async () => {
  const answer = await ask('/', { method: 'HEAD' });
  expect([answer.status, answer.text]).toEqual([200, '']);
  expect(Number(answer.headers['content-length'])).toBeGreaterThan(1_000);
});

test('a name that was made to point here gets nothing of the page, on any route', async () => {
  for (const path of ['/', '/events', '/style.css']) {
    const { status, text } = await ask(path, { headers: { Host: `evil.example:${new URL(server.url).port}` } });
    expect(status).toBe(421);
    expect(text).not.toContain('schwab_tokens.json');
  }
});

test('a page of another site starts no login', async () => {
  const csrf = await csrfToken();
  for (const headers of [{ Origin: 'https://evil.example' }, { Origin: 'null' }, { 'Sec-Fetch-Site': 'cross-site' }]) {
    expect((await post('/login', { csrf }, headers)).status).toBe(403);
  }
  expect(source.asked).toEqual([]);
});

test('a form without the token of this process, or with another, does nothing', async () => {
  for (const fields of [{}, { csrf: '' }, { csrf: 'x'.repeat(32) }] as Record<string, string>[]) {
    expect((await post('/login', fields)).status).toBe(403);
  }
  expect(source.asked).toEqual([]);
});

test('the Log in button starts a login and leads back to the page', async () => {
  const { status, headers } = await post('/login', { csrf: await csrfToken() });
  expect([status, headers.location]).toEqual([303, '/#login-title']);
  expect(source.asked).toEqual(['start']);
  expect((await ask('/')).text).toContain('https://schwab.example/v1/oauth/authorize');
});

test('a pasted address reaches the login as it was pasted, and never comes back in a page or the log', async () => {
  const csrf = await csrfToken();
  await post('/login', { csrf });
  const address = 'https://127.0.0.1:8182/?code=C0.made-up-code%40&session=x&state=s';
  source.refusal = 'The pasted address has no code in it';
  expect((await post('/login/paste', { csrf, url: address })).status).toBe(303);
  expect(source.asked.at(-1)).toBe(`paste ${address}`);
  const { text } = await ask('/');
  expect(text).toContain('The pasted address has no code in it.');
  expect(text + logLines.join('\n')).not.toContain('made-up-code');
});

test('what was wrong with one step of a login is not said of the next', async () => {
  const csrf = await csrfToken();
  source.refusal = 'callback_url is missing';
  await post('/login', { csrf });
  expect((await ask('/')).text).toContain('callback_url is missing.');
  source.refusal = undefined;
  source.change({ login: { kind: 'failed', id: 'x', code: 'timeout', message: 'Too late' } });
  expect((await ask('/')).text).not.toContain('callback_url is missing');
});

test('a login is cancelled', async () => {
  await post('/login/cancel', { csrf: await csrfToken() });
  expect(source.asked).toEqual(['cancel']);
});

test('a fault inside is answered with 500 and logged, without its details', async () => {
  source.change({ report: { ...healthy.report, started_at: 'no time' } });
  const { status, text } = await ask('/');
  expect(status).toBe(500);
  expect(text).not.toContain('Invalid');
  expect(logLines).toHaveLength(1);
  expect(logLines[0]).toMatch(/^ERROR Web page: \/ failed: /);
});

test('a body that is too long or no form is refused', async () => {
  const csrf = await csrfToken();
  expect((await post('/login/paste', { csrf, url: 'x'.repeat(8_192) })).status).toBe(413);
  expect((await post('/login/paste', { csrf }, { 'Content-Type': 'text/plain' })).status).toBe(415);
  expect(source.asked).toEqual([]);
});

test.each([
  ['header fields that are too large', `GET / HTTP/1.1\r\nHost: x\r\nX: ${'x'.repeat(9_000)}\r\n\r\n`, '431'],
  ['what is not HTTP', 'hello\r\n\r\n', '400'],
])('%s: answered with the reason, and closed', async (_name, bytes, status) => {
  const socket = connect(Number(new URL(server.url).port), '127.0.0.1');
  socket.end(bytes);
  const answer = Buffer.concat((await socket.toArray()) as Buffer[]).toString();
  expect(answer).toMatch(new RegExp(`^HTTP/1.1 ${status} `));
});

test('clients that are told what is wrong, and do not close their end, take no place from the browser', async () => {
  for (let count = 0; count < 40; count += 1) {
    const stubborn = connect({ port: Number(new URL(server.url).port), host: '127.0.0.1', allowHalfOpen: true });
    onTestFinished(() => void stubborn.destroy());
    stubborn.on('error', () => undefined).write('hello\r\n\r\n');
    await once(stubborn, 'data');
  }
  expect((await ask('/')).status).toBe(200);
});

test('an open page is sent the present content at once, and each change', async () => {
  const response = await open('/events');
  expect(response.headers['content-type']).toBe('text/event-stream');
  const events = eventsOf(response);
  expect((await events.next()).value).toMatchObject({ title: 'All is well · Token Relay', nowMs: now });
  source.change({ report: madeUpStates(now)['login required']?.report ?? healthy.report });
  expect((await events.next()).value).toMatchObject({ title: 'Log in again · Token Relay' });
  response.destroy();
});

test('changes in a burst are one event, with the newest', async () => {
  const events = eventsOf(await open('/events'));
  await events.next();
  for (let refreshes = 1; refreshes <= 20; refreshes += 1) source.change({ report: { ...healthy.report, refreshes } });
  expect(((await events.next()).value as { main: string }).main).toContain('<dd>20 since');
  source.change({ report: { ...healthy.report, refreshes: 21 } });
  expect(((await events.next()).value as { main: string }).main).toContain('<dd>21 since');
});

test('nine open pages are too many; when one goes, there is room again', async () => {
  const readers = await Promise.all(Array.from({ length: 8 }, () => open('/events')));
  expect((await ask('/events')).status).toBe(503);
  expect((await ask('/')).status).toBe(200);
  readers[0]?.destroy();
  const tryAgain = async (): Promise<number> => {
    const response = await open('/events');
    response.destroy();
    return response.statusCode ?? 0;
  };
  await expect.poll(tryAgain).toBe(200);
});

test('a taken port is said in words', async () => {
  const port = Number(new URL(server.url).port);
  await expect(openWebServer({ port, source, log: recordingLog([]) })).rejects.toMatchObject({
    name: 'SocketBindError',
    code: 'address_in_use',
    message: `web_port: another program is listening on 127.0.0.1:${port}. Stop it, or choose another port.`,
  });
  expect(source.listenerCount).toBe(1);
});

test('closing ends the open pages, frees the port and listens to nothing any more', async () => {
  const response = await open('/events');
  const ended = once(response.resume(), 'close');
  const port = Number(new URL(server.url).port);
  await server.close();
  await ended;
  expect(source.listenerCount).toBe(0);
  const next = createServer();
  next.listen(port, '127.0.0.1');
  await once(next, 'listening');
  next.close();
  server = await openWebServer({ port: 0, source, log: recordingLog([]) });
});

test('a request that turns out broken writes nothing into the stream that it is answered with', async () => {
  const { host, port } = new URL(server.url);
  const socket = connect(Number(port), '127.0.0.1');
  socket.setEncoding('utf8');
  let text = '';
  socket.on('data', (chunk: string) => (text += chunk));
  socket.write(`GET /events HTTP/1.1\r\nHost: ${host}\r\nContent-Length: 5\r\n\r\n`);
  await vi.waitUntil(() => text.includes('retry: 2000'), { timeout: 20_000, interval: 5 });
  const closed = once(socket, 'close');
  // Its body is cut off.
  socket.end();
  await closed;
  expect(text).not.toContain('HTTP/1.1 400');
});

test.each([
  ['a header that does not end', 'GET / HTTP/1.1\r\nHost: '],
  ['a body that does not come', 'form'],
])('%s is answered 408, and nothing looks for it while nobody is connected', async (_what, bytes) => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'setInterval', 'clearInterval', 'performance'] });
  onTestFinished(() => void vi.useRealTimers());
  const timers = vi.getTimerCount();
  const { host } = new URL(server.url);
  const socket = connect(Number(new URL(server.url).port), '127.0.0.1');
  const type = 'Content-Type: application/x-www-form-urlencoded';
  const form = `POST /login HTTP/1.1\r\nHost: ${host}\r\nOrigin: http://${host}\r\n${type}\r\nContent-Length: 9\r\n\r\n`;
  const sent = Promise.withResolvers<undefined>();
  socket.write(bytes === 'form' ? form : bytes, () => sent.resolve(undefined));
  await sent.promise;
  // It comes later, and is answered: the first has been read.
  expect((await ask('/style.css')).status).toBe(200);
  await vi.advanceTimersByTimeAsync(20_000);
  const said = await socket.toArray();
  expect(Buffer.concat(said as Buffer[]).toString()).toMatch(/^HTTP\/1\.1 408 /);
  await vi.advanceTimersByTimeAsync(20_000);
  expect(vi.getTimerCount()).toBe(timers);
});
