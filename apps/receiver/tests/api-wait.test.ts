import { describe, expect, test } from 'vitest';
import { until } from '../../../tests/rigs/until.ts';
import { startApi, type Reply } from './api-rig.ts';

const parse = (reply: Reply): Record<string, unknown> => JSON.parse(reply.body) as Record<string, unknown>;
const HAS_1 = { 'If-None-Match': '"1"' };

describe.each(['/v1/token', '/v1/token/raw'])('GET %s?wait=', (path) => {
  const tokenOf = (reply: Reply): unknown => (path === '/v1/token' ? parse(reply)['access_token'] : reply.body);

  test('answers at once with a token that the reader does not have', async () => {
    const { holding, client } = await startApi();
    holding.tell('made-up-1');
    for (const headers of [{}, { 'If-None-Match': '"0"' }]) {
      const reply = await client().get(`${path}?wait=300`, headers).reply();
      expect(reply).toMatchObject({ status: 200, headers: { etag: '"1"' } });
      expect(tokenOf(reply)).toBe('made-up-1');
    }
  });

  test('without wait, one who has the token is told so at once', async () => {
    const { holding, client } = await startApi();
    holding.tell('made-up-1');
    const reply = await client().get(path, HAS_1).reply();
    expect(reply).toMatchObject({ status: 304, headers: { etag: '"1"' }, body: '' });
  });

  test('waits for the next one; a token that has expired is not what it waits for', async () => {
    const { api, holding, client } = await startApi();
    holding.tell('made-up-1');
    const waiting = client().get(`${path}?wait=300`, HAS_1);
    await until(() => api.counts().waitingReaders === 1);
    holding.tell('made-up-2', Date.now() - 1);
    holding.tell('made-up-3');
    const reply = await waiting.reply();
    expect(reply).toMatchObject({ status: 200, headers: { etag: '"3"' } });
    expect(tokenOf(reply)).toBe('made-up-3');
    expect(api.counts().waitingReaders).toBe(0);
  });

  test.each([
    ['there is none', undefined],
    ['the one that there is has expired', 1],
  ])('waits when %s, whatever the reader has', async (_what, expiresAtMs) => {
    const { api, holding, client } = await startApi();
    if (expiresAtMs !== undefined) holding.tell('made-up-old', expiresAtMs);
    const readers = [{}, HAS_1, { 'If-None-Match': '"7"' }].map((headers) => client().get(`${path}?wait=300`, headers));
    await until(() => api.counts().waitingReaders === 3);
    holding.held ??= { ...holding.take('made-up-0'), generation: 8 };
    holding.tell('made-up-new');
    for (const reader of readers) expect(tokenOf(await reader.reply())).toBe('made-up-new');
  });

  test('in vain: 304 to one who has the token; else what was wrong at the beginning is wrong still', async () => {
    const { api, holding, client } = await startApi();
    const nothing = client().get(`${path}?wait=1`);
    await until(() => api.counts().waitingReaders === 1);
    expect(parse(await nothing.reply())).toMatchObject({ status: 404, code: 'token_not_found' });
    holding.tell('made-up-1', 1);
    expect(parse(await client().get(`${path}?wait=1.0`, HAS_1).reply())).toMatchObject({
      status: 503,
      code: 'token_expired',
    });
    holding.tell('made-up-2');
    const has2 = { 'If-None-Match': '"2"' };
    const unchanged = await client().get(`${path}?wait=1`, has2).reply();
    expect(unchanged).toMatchObject({ status: 304, headers: { etag: '"2"' }, body: '' });
  });

  test('a token that expires while one waits for the next has expired at the end', async () => {
    let nowMs = 1_000_000;
    const { api, holding, client } = await startApi({}, { nowMs: () => nowMs });
    holding.tell('made-up-1', nowMs + 1);
    const waiting = client().get(`${path}?wait=1`, HAS_1);
    await until(() => api.counts().waitingReaders === 1);
    nowMs += 1;
    expect(parse(await waiting.reply())).toMatchObject({ status: 503, code: 'token_expired' });
  });

  test('a repeat of what the reader has is not news', async () => {
    const { api, holding, client } = await startApi();
    holding.tell('made-up-1');
    const waiting = client().get(`${path}?wait=300`, { 'If-None-Match': '"1", "2"' });
    await until(() => api.counts().waitingReaders === 1);
    holding.tell('made-up-2');
    expect(api.counts().waitingReaders).toBe(1);
    holding.tell('made-up-3');
    expect((await waiting.reply()).headers['etag']).toBe('"3"');
  });

  test('HEAD waits as GET does, and has no body', async () => {
    const { api, holding, client } = await startApi();
    const waiting = client().get(`${path}?wait=300`, {}, 'HEAD');
    await until(() => api.counts().waitingReaders === 1);
    holding.tell('made-up-1');
    const { status, headers } = await waiting.reply(true);
    expect([status, headers['etag'], waiting.text]).toEqual([200, '"1"', '']);
    expect(Number(headers['content-length'])).toBeGreaterThan(0);
  });

  test.each(['0', '301', '-1', 'soon', '', '1e2'])('refuses to wait for %j: 400 bad_wait', async (wait) => {
    const { holding, client } = await startApi();
    holding.tell('made-up-1');
    const reply = await client().get(`${path}?wait=${wait}`).reply();
    expect(reply).toMatchObject({ status: 400, headers: { 'content-type': 'application/problem+json' } });
    expect(parse(reply)).toMatchObject({
      code: 'bad_wait',
      detail: expect.stringContaining('from 1 to 300') as string,
    });
  });

  test('parameters that it does not know are nothing to it', async () => {
    const { holding, client } = await startApi();
    holding.tell('made-up-1');
    expect((await client().get(`${path}?waiting=soon&x`).reply()).status).toBe(200);
  });
});

test('a reader who goes away while it waits frees its place at once', async () => {
  const { api, client } = await startApi({ maxWaiting: 1 });
  const waiting = client().get('/v1/token?wait=300');
  await until(() => api.counts().waitingReaders === 1);
  waiting.socket.destroy();
  await until(() => api.counts().waitingReaders === 0);
  expect(api.counts().connections).toBe(0);
});

test('one more than may wait is told so, and to come again; who needs not wait is answered', async () => {
  const { api, holding, client } = await startApi({ maxWaiting: 2 });
  holding.tell('made-up-1');
  const waiting = [client(), client()].map((each) => each.get('/v1/token?wait=300', HAS_1));
  await until(() => api.counts().waitingReaders === 2);
  const refused = await client().get('/v1/token/raw?wait=300', HAS_1).reply();
  expect(refused).toMatchObject({ status: 503, headers: { 'retry-after': '1' } });
  expect(parse(refused)['code']).toBe('too_many_waiting');
  expect((await client().get('/v1/token?wait=300').reply()).status).toBe(200);
  expect((await client().get('/v1/token', HAS_1).reply()).status).toBe(304);
  holding.tell('made-up-2');
  for (const each of waiting) expect((await each.reply()).status).toBe(200);
});

test('hundreds who wait are all answered, and their connections are good for the next request', async () => {
  const { api, holding, client, answered } = await startApi();
  const waiting = Array.from({ length: 300 }, () => client().get('/v1/token/raw?wait=300'));
  await until(() => api.counts().waitingReaders === 300);
  holding.tell('made-up-1');
  for (const each of waiting) {
    expect((await each.reply()).body).toBe('made-up-1');
    expect((await each.get('/v1/token/raw').reply()).body).toBe('made-up-1');
  }
  expect(answered('/v1/token/raw', 200)).toBe(600);
});

test('deadlines for requests cut off neither those who wait nor the events', async () => {
  const { api, holding, client } = await startApi({
    headersTimeoutMs: 1_000,
    requestTimeoutMs: 1_000,
    keepAliveTimeoutMs: 20,
  });
  const waiting = client().get('/v1/token?wait=300');
  const following = client().get('/v1/token/events');
  await until(() => api.counts().waitingReaders === 1 && api.counts().eventReaders === 1);
  // Two who are late, one after the other: the deadlines have been looked at meanwhile.
  for (let time = 0; time < 2; time += 1) expect(await client().closed()).toBe('');
  holding.tell('made-up-1');
  expect((await waiting.reply()).status).toBe(200);
  await following.has('made-up-1');
});
