import type { Route } from '@token-relay/daemon';
import { describe, expect, test } from 'vitest';
import { until } from '../../../tests/rigs/until.ts';
import type { HistoryEntry } from '../src/holding/held.ts';
import { requestText, startApi, type StartedApi } from './api-rig.ts';
import { ServedDocument } from './served-document.ts';

const metrics: Route = {
  method: 'GET',
  path: '/metrics',
  answer: () => ({
    status: 200,
    headers: { 'Content-Type': 'text/plain; version=0.0.4; charset=utf-8' },
    body: '# made up\n',
  }),
};
const PATHS = [
  '/v1/token',
  '/v1/token/raw',
  '/v1/token/events',
  '/v1/history',
  '/v1/status',
  '/healthz',
  '/readyz',
  '/metrics',
  '/openapi.json',
];
const ALWAYS_ANSWERED = ['/v1/status', '/healthz', '/readyz', '/metrics'];

const ENTRIES: readonly HistoryEntry[] = [
  {
    generation: 2,
    fingerprint: '0123abcd',
    receivedAtMs: Date.now(),
    from: 'tls',
    peer: 'bot@192.0.2.7',
    expiresAtMs: Date.now(),
    refreshToken: 'changed',
  },
  { generation: 1, fingerprint: '0123abcd', receivedAtMs: 0, from: 'unix', refreshToken: 'none' },
];

async function documented(
  ...[options, source]: Parameters<typeof startApi>
): Promise<StartedApi & { served: ServedDocument }> {
  const started = await start(options, source);
  return { ...started, served: await ServedDocument.ask(started.client()) };
}

test('the document describes every route, and nothing else', async () => {
  const { served, api } = await documented();
  expect(served.document.openapi).toBe('3.1.1');
  expect(Object.keys(served.document.paths).toSorted()).toEqual(PATHS.toSorted());
  expect(api.routes.map(({ path }) => path).toSorted()).toEqual(PATHS.toSorted());
});

test('it is made when it is first asked for, and the same after that', async () => {
  const { client } = await startApi({ extra: [metrics] });
  const asked = [client(), client()].map((each) => each.get('/openapi.json').reply());
  const [first, second] = await Promise.all(asked);
  expect(first?.body).toBe(second?.body);
  expect((await client().get('/openapi.json').reply()).body).toBe(first?.body);
});

describe('what is answered is what the document says', () => {
  test('with a token', async () => {
    const { served, client, holding } = await documented();
    holding.entries = [...ENTRIES];
    for (const expiresAtMs of [Date.now() + 1_800_000, 'unknown'] as const) {
      const { generation } = holding.tell('made-up-access', expiresAtMs);
      for (const path of PATHS) {
        const reply = await client()
          .get(path)
          .reply(path === '/v1/token/events');
        expect(reply.status).toBe(200);
        served.expectDescribed(path, reply);
      }
      for (const path of ['/v1/token', '/v1/token/raw']) {
        const unchanged = await client()
          .get(path, { 'If-None-Match': `"${generation}"` })
          .reply();
        expect(unchanged.status).toBe(304);
        served.expectDescribed(path, unchanged);
      }
      const event = await client().get('/v1/token/events').has('\n\n\r\n');
      served.expectValid('Token', JSON.parse(/^data: (.*)$/m.exec(event)?.[1] ?? ''));
    }
  });

  test('every problem that it names, and no other', async () => {
    const { served } = await documented();
    await withoutTheToken(served);
    await brokenRequests(served);
    await tooMany(served);
    await stopping(served);
    await failingRoutes(served);
    expect([...served.seen].toSorted()).toEqual([...served.described].toSorted());
  });

  test('and what has no operation', async () => {
    const { served, client } = await documented();
    served.expectComponent('NotFound', await client().get('/v1/nothing').reply());
    served.expectComponent('MethodNotAllowed', await client().get('/v1/token', {}, 'DELETE').reply());
  });
});

const start = (...[options, source]: Parameters<typeof startApi>) => startApi({ extra: [metrics], ...options }, source);

async function withoutTheToken(served: ServedDocument): Promise<void> {
  const { client, holding } = await start({ maxWaiting: 0 });
  const ask = async (path: string, query = '') =>
    served.expectDescribed(path, await client().get(`${path}${query}`).reply());
  for (const path of ['/v1/token', '/v1/token/raw']) {
    for (const query of ['', '?wait=0', '?wait=1']) await ask(path, query);
  }
  await ask('/readyz');
  holding.fresh = { kind: 'stale', reason: 'no_news' };
  await ask('/readyz');
  holding.fresh = undefined;
  holding.tell('made-up-old', 1);
  for (const path of ['/v1/token', '/v1/token/raw', '/readyz']) await ask(path);
}

async function brokenRequests(served: ServedDocument): Promise<void> {
  const { client } = await start();
  const { client: late } = await start({ headersTimeoutMs: 500 });
  for (const path of PATHS) {
    const broken = [
      requestText(path, { Origin: 'https://page.example' }),
      `GET ${path} HTTP/1.1\r\n\r\n`,
      requestText(`${path}?${'x'.repeat(3_000)}`),
      requestText(path, { 'X-Large': 'x'.repeat(10_000) }),
    ].map((bytes) => client().send(bytes));
    const unfinished = late().send(`GET ${path} HTTP/1.1\r\nHost: l`);
    for (const each of [...broken, unfinished]) served.expectDescribed(path, await each.reply());
  }
  const events = '/v1/token/events';
  const behind = client().send(requestText('/healthz') + requestText(events));
  await behind.reply();
  served.expectDescribed(events, await behind.reply());
}

async function tooMany(served: ServedDocument): Promise<void> {
  const { client, api } = await start({ maxConnections: 2 });
  // The answer is the server's, to whatever path.
  const greedy = client().get('/v1/token?wait=300');
  await until(() => api.counts().waitingReaders === 1);
  for (let count = 0; count < 100; count += 1) greedy.get('/v1/status');
  const refused = await greedy.reply();
  for (const path of PATHS) served.expectDescribed(path, refused);

  await until(() => api.counts().connections === 0);
  for (let count = 0; count < 2; count += 1) client().get('/v1/token/events');
  await until(() => api.counts().eventReaders === 2);
  for (const path of PATHS) {
    const reply = await client().get(path).reply();
    expect([path, reply.body.includes('too_many_connections')]).toEqual([path, !ALWAYS_ANSWERED.includes(path)]);
    served.expectDescribed(path, reply);
  }
}

async function stopping(served: ServedDocument): Promise<void> {
  const { client, api } = await start();
  const paths = ['/v1/token', '/v1/token/raw'];
  const waiting = paths.map((path) => client().get(`${path}?wait=300`));
  await until(() => api.counts().waitingReaders === 2);
  await api.close();
  for (const [index, each] of waiting.entries()) served.expectDescribed(paths[index] ?? '', await each.reply());
}

async function failingRoutes(served: ServedDocument): Promise<void> {
  const fail = (): never => {
    throw new Error('made up');
  };
  const { client, holding } = await start({ extra: [{ ...metrics, answer: fail }] }, { status: fail });
  Object.assign(holding, { latest: fail, freshness: fail, history: fail });
  const cannotFail = ['/v1/token/events', '/healthz', '/openapi.json'];
  const fails = PATHS.filter((path) => !cannotFail.includes(path));
  const replies = await Promise.all(fails.map((path) => client().get(path).reply()));
  for (const [index, reply] of replies.entries()) served.expectDescribed(fails[index] ?? '', reply);
  // Should they fail all the same, it is said in the same way.
  for (const path of cannotFail) for (const reply of replies) served.expectDescribed(path, reply);
}
