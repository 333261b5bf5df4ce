import { once } from 'node:events';
import { request as httpRequest, type IncomingMessage } from 'node:http';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { expect, test } from 'vitest';
import { until } from '../../../tests/rigs/until.ts';
import { HttpCounts, type Route, type StreamTarget } from '../src/index.ts';
import { get, plainRoute, serve, waitingRoute } from './local-http-rig.ts';

/** A stream that the test writes to. */
function streamRoute(): { route: Route; targets: StreamTarget[] } {
  const targets: StreamTarget[] = [];
  const route: Route = {
    method: 'GET',
    path: '/stream',
    answer: () => ({
      status: 200,
      headers: { 'Content-Type': 'text/event-stream' },
      stream: (to) => void targets.push(to),
    }),
  };
  return { route, targets };
}

function write({ socket, chunked }: StreamTarget | undefined = never(), text: string): void {
  socket.write(chunked ? `${text.length.toString(16)}\r\n${text}\r\n` : text);
}

function never(): never {
  throw new Error('no stream began');
}

test('a stream is written to for as long as the route likes, in chunks', async () => {
  const { route, targets } = streamRoute();
  const { path } = await serve([route]);
  const asked = httpRequest({ socketPath: path, path: '/stream', agent: false }).end();
  const [response] = (await once(asked, 'response')) as [IncomingMessage];
  expect(response.statusCode).toBe(200);
  expect(response.headers).toMatchObject({
    'content-type': 'text/event-stream',
    'cache-control': 'no-store',
    'x-content-type-options': 'nosniff',
    'transfer-encoding': 'chunked',
    connection: 'close',
    date: expect.stringMatching(/GMT$/) as string,
  });
  let text = '';
  response.setEncoding('utf8').on('data', (chunk: string) => (text += chunk));
  for (const word of ['one', 'two', 'three']) {
    write(targets[0], word);
    await until(() => text.endsWith(word));
  }
  const ended = once(response, 'end');
  targets[0]?.socket.end('0\r\n\r\n');
  await ended;
  expect(response.complete).toBe(true);
});

test('to a client of HTTP/1.0 it has no chunks, and ends with the connection', async () => {
  const { route, targets } = streamRoute();
  const { client } = await serve([route]);
  const old = client().send('GET /stream HTTP/1.0\r\n\r\n');
  await until(() => targets.length === 1);
  write(targets[0], 'text');
  targets[0]?.socket.end();
  const answer = await old.closed();
  expect(answer).not.toContain('chunked');
  expect(answer).toMatch(/\r\n\r\ntext$/);
});

test('HEAD is answered with the head only, and nothing is begun', async () => {
  const { route, targets } = streamRoute();
  const { client } = await serve([route, plainRoute]);
  const curious = client().send(get('/stream').replace('GET', 'HEAD') + get('/plain'));
  expect(await curious.has('plain')).toMatch(
    /^HTTP\/1\.1 200 [^]*Content-Type: text\/event-stream\r\n[^]*\r\n\r\nHTTP\/1\.1 200 [^]*plain \.$/,
  );
  expect(targets).toHaveLength(0);
});

test('nothing that node:http keeps for a connection is kept for a stream', async () => {
  setFlagsFromString('--expose-gc');
  const collectGarbage = runInNewContext('gc') as () => void;
  const { route, targets } = streamRoute();
  const { client, server } = await serve([route]);
  const kept: WeakRef<object>[] = [];
  server.on('request', (request, response) => kept.push(new WeakRef(request), new WeakRef(response)));
  client().send(get('/stream'));
  await until(() => targets.length === 1);
  expect(Reflect.get(targets[0]?.socket ?? never(), 'parser')).toBeNull();
  expect(kept).toHaveLength(2);
  await until(() => {
    collectGarbage();
    return kept.every((reference) => reference.deref() === undefined);
  });
});

test('no deadline is left of the requests that came before it on the connection', async () => {
  const { route, targets } = streamRoute();
  const { client } = await serve([plainRoute, route], { keepAliveTimeoutMs: 60_000, inactivityTimeoutMs: 60_000 });
  const kept = client().send(get('/plain'));
  await kept.has('plain');
  kept.send(get('/stream'));
  await until(() => targets.length === 1);
  expect(targets[0]?.socket.timeout).toBe(0);
});

test.each([
  ['goes away', 'destroy'],
  ['ends its side', 'end'],
] as const)('a client that %s frees its place at once', async (_how, leave) => {
  const { route, targets } = streamRoute();
  const counts = new HttpCounts();
  const { client } = await serve([route], { counts });
  const reader = client().send(get('/stream'));
  await until(() => targets.length === 1);
  expect(counts.connections).toBe(1);
  reader.socket[leave]();
  await until(() => counts.connections === 0);
  expect(targets[0]?.socket.destroyed).toBe(true);
  expect(counts.requests()).toEqual([{ route: '/stream', status: 200, count: 1 }]);
});

test('what a client goes on sending is dropped', async () => {
  const { route, targets } = streamRoute();
  const { client, sockets } = await serve([route]);
  const talker = client().send(get('/stream'));
  await until(() => targets.length === 1);
  talker.send('x'.repeat(1_000_000));
  await until(() => sockets[0]?.bytesRead === 1_000_000 + get('/stream').length);
  expect(sockets[0]?.readableLength).toBe(0);
  write(targets[0], 'still here');
  await talker.has('still here');
});

test('a request with a body is read to its end before the stream begins', async () => {
  const { route, targets } = streamRoute();
  const { client } = await serve([route]);
  const wordy = client().send(`${get('/stream', 'Content-Length: 6\r\n')}abc`);
  wordy.send('def');
  await until(() => targets.length === 1);
  write(targets[0], 'begun');
  expect((await wordy.has('begun')).match(/HTTP\/1\.1/g)).toHaveLength(1);
});

test('behind another answer there is no stream, and no answer behind a stream', async () => {
  const { route, targets } = streamRoute();
  const { route: waiting, waiting: waiters } = waitingRoute();
  const { client } = await serve([route, waiting, plainRoute]);
  const eager = client().send(get('/wait') + get('/stream'));
  await until(() => waiters.size === 1);
  for (const answer of waiters) answer();
  expect(await eager.has('pipelined_stream')).toMatch(/waited[^]*HTTP\/1\.1 400 /);
  expect(targets).toHaveLength(0);
  const talker = client().send(get('/stream') + get('/plain'));
  await until(() => targets.length === 1);
  write(targets[0], 'begun');
  expect((await talker.has('begun')).match(/HTTP\/1\.1/g)).toHaveLength(1);
});

test('a stream that throws is logged and closed, and harms no other', async () => {
  const broken: Route = {
    method: 'GET',
    path: '/broken',
    answer: () => ({
      status: 200,
      headers: {},
      stream: () => {
        throw new Error('inner detail');
      },
    }),
  };
  const { client, log } = await serve([broken, plainRoute]);
  expect(await client().send(get('/broken')).closed()).not.toContain('inner detail');
  expect(log.error).toHaveBeenCalledExactlyOnceWith('GET /broken failed: inner detail');
  await client().send(get('/plain')).has('plain');
});
