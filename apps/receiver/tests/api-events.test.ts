import { once } from 'node:events';
import { request, type IncomingMessage } from 'node:http';
import { describe, expect, test } from 'vitest';
import { until } from '../../../tests/rigs/until.ts';
import { startApi, tokensIn } from './api-rig.ts';

const EVENTS = '/v1/token/events';
/** So large that some dozens fill what the kernel takes for a reader. */
const LARGE = 'x'.repeat(8_000);

describe('GET /v1/token/events', () => {
  test('the present token at once, then each new one, as at /v1/token', async () => {
    const { holding, client } = await startApi();
    const held = holding.tell('made-up-1');
    const reader = client().get(EVENTS);
    const { status, headers } = await reader.reply(true);
    expect(status).toBe(200);
    expect(headers).toMatchObject({ 'content-type': 'text/event-stream', 'cache-control': 'no-store' });
    await reader.has('made-up-1');
    const same: unknown = JSON.parse((await client().get('/v1/token').reply()).body);
    const [, event = ''] = /event: token\nid: 1\ndata: (.*)\n\n/.exec(reader.text) ?? [];
    expect(JSON.parse(event)).toEqual({ ...Object(same), expires_in: expect.any(Number) as unknown });
    expect(event).not.toContain('refresh');
    expect(held.generation).toBe(1);
    holding.tell('made-up-2');
    await reader.has(/id: 2\ndata: .*made-up-2/);
    expect(tokensIn(reader.text)).toEqual(['made-up-1', 'made-up-2']);
  });

  test.each([
    ['no token', undefined],
    ['an expired one', 1],
  ])('with %s: a comment, and then the first that can be used', async (_what, expiresAtMs) => {
    const { holding, client } = await startApi();
    if (expiresAtMs !== undefined) holding.tell('made-up-old', expiresAtMs);
    const reader = client().get(EVENTS);
    expect(await reader.has('\n\n')).toMatch(/\r\n\r\n[0-9a-f]+\r\n: [^\n]+\n\n/);
    holding.tell('made-up-expired', 1);
    holding.tell('made-up-good');
    await reader.has('made-up-good');
    expect(tokensIn(reader.text)).toEqual(['made-up-good']);
  });

  test('a reader that has the present token is not sent it again; one that has another is', async () => {
    const { holding, client } = await startApi();
    holding.tell('made-up-1');
    holding.tell('made-up-2');
    const knows = client().get(EVENTS, { 'Last-Event-ID': '2' });
    const behind = client().get(EVENTS, { 'Last-Event-ID': '1' });
    await behind.has('made-up-2');
    await knows.has(': connected');
    holding.tell('made-up-3');
    for (const each of [knows, behind]) await each.has('made-up-3');
    expect(tokensIn(knows.text)).toEqual(['made-up-3']);
    expect(tokensIn(behind.text)).toEqual(['made-up-2', 'made-up-3']);
  });

  test('a token that was taken in before its news is not sent twice', async () => {
    const { holding, client, api } = await startApi();
    holding.take('made-up-1');
    const reader = client().get(EVENTS);
    await reader.has('made-up-1');
    for (const listen of [1, 2]) holding.tell(`made-up-later-${listen}`);
    await reader.has('made-up-later-2');
    expect(tokensIn(reader.text)).toEqual(['made-up-1', 'made-up-later-1', 'made-up-later-2']);
    expect(api.counts().eventsSent).toBe(3);
  });

  test('a heartbeat goes to all from time to time, and none without readers', async () => {
    const { client, api } = await startApi({ heartbeatMs: 10 });
    const readers = [client(), client()].map((each) => each.get(EVENTS));
    for (const each of readers) await each.has(/: heartbeat\n\n[^]*: heartbeat\n\n/);
    for (const each of readers) each.socket.destroy();
    await until(() => api.counts().eventReaders === 0);
    await client().get(EVENTS).has(': heartbeat\n\n');
    expect(api.counts().eventsSent).toBe(0);
  });

  test('a reader of HTTP/1.0 gets the same, without chunks', async () => {
    const { holding, client } = await startApi();
    holding.tell('made-up-1');
    const reader = client().send(`GET ${EVENTS} HTTP/1.0\r\n\r\n`);
    expect(await reader.has('made-up-1')).toMatch(/\r\n\r\nevent: token\nid: 1\ndata: \{.*\}\n\n$/);
  });

  test('HEAD is answered with the head, and follows nothing', async () => {
    const { client, api } = await startApi();
    const { status, headers } = await client().get(EVENTS, {}, 'HEAD').reply(true);
    expect([status, headers['content-type']]).toEqual([200, 'text/event-stream']);
    expect(api.counts().eventReaders).toBe(0);
  });

  test('a reader that goes away frees its place at once', async () => {
    const { holding, client, api } = await startApi();
    const [leaves, stays] = [client().get(EVENTS), client().get(EVENTS)];
    await until(() => api.counts().eventReaders === 2);
    leaves.socket.destroy();
    await until(() => api.counts().eventReaders === 1);
    expect(api.counts().connections).toBe(1);
    holding.tell('made-up-1');
    await stays.has('made-up-1');
    expect(api.counts().eventsSent).toBe(1);
  });

  test('hundreds of readers get each token, and nobody is always the first', async () => {
    const { holding, client, api, sockets } = await startApi();
    const readers = Array.from({ length: 400 }, () => client().get(EVENTS));
    await until(() => api.counts().eventReaders === 400);
    const before = sockets.map((socket) => socket.bytesWritten);
    const first = new Set<number>();
    for (let token = 1; token <= 3; token += 1) {
      holding.tell(`made-up-${token}`);
      sockets.forEach((socket, index) => {
        if (socket.bytesWritten > (before[index] ?? 0)) first.add(index);
        before[index] = socket.bytesWritten;
      });
      const rest = first.size;
      expect(rest).toBeLessThan(400);
      for (const each of readers) await each.has(`made-up-${token}`);
      sockets.forEach((socket, index) => (before[index] = socket.bytesWritten));
    }
    // Three tokens, and each time others were the first.
    expect(first.size).toBe(3 * 128);
    expect(api.counts()).toMatchObject({ eventsSent: 1_200, eventsSkipped: 0 });
  });
});

describe('slow readers', () => {
  test('one that never reads costs one event, however many come, delays nobody, and goes on with the newest', async () => {
    const { holding, client, api, sockets } = await startApi();
    const stuck = client();
    stuck.socket.pause();
    stuck.get(EVENTS);
    await until(() => api.counts().eventReaders === 1);
    const quick = client().get(EVENTS);
    await until(() => api.counts().eventReaders === 2);
    let most = 0;
    for (let token = 1; token <= 200; token += 1) {
      holding.tell(`made-up-${token}-${LARGE}`);
      await quick.has(`made-up-${token}-`);
      most = Math.max(most, sockets[0]?.writableLength ?? 0);
    }
    expect(tokensIn(quick.text)).toHaveLength(200);
    expect(most).toBeGreaterThan(8_000);
    expect(most).toBeLessThan(8_000 * 1.5);
    stuck.socket.resume();
    await stuck.has('made-up-200-');
    const got = tokensIn(stuck.text).map((token) => Number(token.split('-')[2]));
    expect(got.length).toBeLessThan(200);
    expect(got).toEqual(got.toSorted((a, b) => a - b));
    expect(got.at(-1)).toBe(200);
    expect(api.counts().eventsSkipped).toBe(200 - got.length);
    expect(api.counts().eventsSent).toBe(200 + got.length);
    holding.tell('made-up-next');
    await stuck.has('made-up-next');
  });

  test('one that takes in nothing for a minute is disconnected; a little now and then is enough, and so is nothing to take in', async () => {
    let runningMs = 0;
    const { holding, client, api, sockets } = await startApi({ heartbeatMs: 5, runningMs: () => runningMs });
    const slow = client();
    slow.socket.pause();
    slow.get(EVENTS);
    await until(() => api.counts().eventReaders === 1);
    const quiet = client().get(EVENTS, { 'Last-Event-ID': 'anything' });
    await until(() => api.counts().eventReaders === 2);
    const isBehind = () => sockets[0]?.writableLength !== 0;
    const fill = () =>
      until(() => {
        holding.tell(LARGE);
        return isBehind();
      });
    const someHeartbeats = async () => {
      quiet.text = '';
      await quiet.has(/: heartbeat\n\n[^]*: heartbeat\n\n/);
    };
    for (let time = 0; time < 3; time += 1) {
      await fill();
      runningMs += 59_000;
      await someHeartbeats();
      expect(api.counts().eventReaders).toBe(2);
      slow.socket.resume();
      await until(() => !isBehind());
      slow.socket.pause();
    }
    await fill();
    runningMs += 60_000;
    await until(() => api.counts().eventReaders === 1);
    holding.tell('made-up-last');
    await quiet.has('made-up-last');
    slow.socket.resume();
    expect(await slow.closed()).not.toContain('made-up-last');
  });
});

describe('the end', () => {
  test('streams are ended as HTTP wants it, who waits is answered, and nothing is left', async () => {
    const { api, holding, client, path } = await startApi();
    const asked = request({ socketPath: path, path: EVENTS, agent: false }).end();
    const [response] = (await once(asked, 'response')) as [IncomingMessage];
    const ended = once(response.resume(), 'end');
    const old = client().send(`GET ${EVENTS} HTTP/1.0\r\n\r\n`);
    const waiting = client().get('/v1/token?wait=300');
    const idle = client().get('/healthz');
    await idle.reply();
    await until(() => api.counts().waitingReaders === 1 && api.counts().eventReaders === 2);
    await api.close();
    await ended;
    expect(response.complete).toBe(true);
    expect(await old.closed()).toMatch(/connected\n\n$/);
    const reply = await waiting.reply();
    expect(reply).toMatchObject({ status: 503, headers: { 'retry-after': '1', connection: 'close' } });
    expect(JSON.parse(reply.body)).toMatchObject({ code: 'stopping' });
    for (const each of [waiting, idle]) await each.closed();
    expect(api.counts()).toMatchObject({ connections: 0, eventReaders: 0, waitingReaders: 0 });
    expect(holding.listenerCount).toBe(0);
    await api.close();
  });

  test('a reader that reads nothing does not hold it up', async () => {
    const { api, holding, client, sockets } = await startApi();
    const stuck = client();
    stuck.socket.pause();
    stuck.get(EVENTS);
    await until(() => api.counts().eventReaders === 1);
    await until(() => {
      holding.tell(LARGE);
      return sockets[0]?.writableLength !== 0;
    });
    await api.close();
    await until(() => api.counts().connections === 0);
  });
});
