/** The README's examples: what they do with a 401, with a redirect, and with an address elsewhere. */
import axios, { type AxiosInstance } from 'axios';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { describe, expect, test } from 'vitest';
import { addToken } from '../examples/axios.ts';
import { fetchWithToken } from '../examples/fetch.ts';
import type { TokenClient } from '../src/index.ts';
import { ApiServer } from './api-server.ts';
import { clientOf } from './client-of.ts';
import { MadeUpReceiver } from './made-up-receiver.ts';

interface Outcome {
  readonly status: number;
  readonly body: string;
}

interface Way {
  readonly get: (url: string) => Promise<Outcome>;
  readonly post: (url: string, body: string | Readable) => Promise<Outcome>;
}

function withFetch(tokens: TokenClient, origin: string): Way {
  const api = fetchWithToken(tokens, origin);
  const outcome = async (response: Response) => ({ status: response.status, body: await response.text() });
  return {
    get: async (url) => outcome(await api(url)),
    post: async (url, body) =>
      outcome(
        await api(url, {
          method: 'POST',
          ...(typeof body === 'string' ? { body } : { body: Readable.toWeb(body) as ReadableStream, duplex: 'half' }),
        }),
      ),
  };
}

function withAxios(tokens: TokenClient, origin: string): Way {
  const api: AxiosInstance = axios.create({ baseURL: origin, responseType: 'text', proxy: false });
  addToken(api, tokens, origin);
  const outcome = async (sent: Promise<{ status: number; data: unknown }>): Promise<Outcome> => {
    const { status, data } = await sent.catch((error: unknown): { status: number; data: unknown } => {
      if (axios.isAxiosError(error) && error.response !== undefined) return error.response;
      throw error;
    });
    return { status, body: String(data) };
  };
  return { get: (url) => outcome(api.get(url)), post: (url, body) => outcome(api.post(url, body)) };
}

describe.each([
  ['fetch', withFetch],
  ['axios', withAxios],
] as const)('%s', (name, wayOf) => {
  async function rig(
    token: string,
  ): Promise<{ receiver: MadeUpReceiver; api: ApiServer; tokens: TokenClient; way: Way }> {
    const receiver = await MadeUpReceiver.started();
    receiver.hold(token);
    const api = await ApiServer.started();
    const tokens = clientOf(receiver.path);
    return { receiver, api, tokens, way: wayOf(tokens, api.origin) };
  }
  const authorizations = (api: ApiServer): (string | undefined)[] => api.seen.map(({ authorization }) => authorization);

  test('is in the README as it is here', () => {
    const packageFolder = join(import.meta.dirname, '..');
    const code = readFileSync(join(packageFolder, `examples/${name}.ts`), 'utf8');
    expect(readFileSync(join(packageFolder, 'README.md'), 'utf8')).toContain(`\`\`\`ts\n${code}\`\`\``);
  });

  test('adds the token that is held', async () => {
    const { api, way } = await rig('made-up-1');
    api.accepts.add('made-up-1');
    expect(await way.get(`${api.origin}/accounts`)).toEqual({ status: 200, body: '{"made":"up"}' });
    expect(await way.post(`${api.origin}/orders`, '{"quantity":1}')).toMatchObject({ status: 200 });
    expect(api.seen).toMatchObject([
      { url: '/accounts', authorization: 'Bearer made-up-1' },
      { url: '/orders', authorization: 'Bearer made-up-1', body: '{"quantity":1}' },
    ]);
  });

  test('401: once more with a newer token, body and all', async () => {
    const { receiver, api, way } = await rig('made-up-1');
    api.accepts.add('made-up-2');
    api.answer = (_, response) => {
      api.answer = undefined;
      receiver.hold('made-up-2');
      response.writeHead(401).end('refused');
    };
    expect(await way.post(`${api.origin}/orders`, '{"quantity":1}')).toEqual({ status: 200, body: '{"made":"up"}' });
    expect(api.seen).toMatchObject([
      { authorization: 'Bearer made-up-1', body: '{"quantity":1}' },
      { authorization: 'Bearer made-up-2', body: '{"quantity":1}' },
    ]);
  });

  test('401 again: never twice, and the second answer is handed on', async () => {
    const { receiver, api, way } = await rig('made-up-1');
    api.answer = (_, response) => {
      receiver.hold(`made-up-${api.seen.length + 1}`);
      response.writeHead(401).end(`refused ${api.seen.length}`);
    };
    expect(await way.get(`${api.origin}/accounts`)).toEqual({ status: 401, body: 'refused 2' });
    expect(authorizations(api)).toEqual(['Bearer made-up-1', 'Bearer made-up-2']);
  });

  test('401 and no newer token: the answer is handed on', async () => {
    const { api, tokens, way } = await rig('made-up-1');
    api.answer = (_, response) => {
      // As if the 5 seconds were over.
      setImmediate(() => void tokens.close());
      response.writeHead(401).end('refused');
    };
    expect(await way.get(`${api.origin}/accounts`)).toEqual({ status: 401, body: 'refused' });
    expect(api.seen).toHaveLength(1);
  });

  test('401 after a stream was sent: it cannot be sent again', async () => {
    const { receiver, api, way } = await rig('made-up-1');
    api.answer = (_, response) => {
      receiver.hold('made-up-2');
      response.writeHead(401).end('refused');
    };
    expect(await way.post(`${api.origin}/orders`, Readable.from([Buffer.from('made up')]))).toMatchObject({
      status: 401,
    });
    expect(api.seen).toHaveLength(1);
  });

  test.each([500, 403, 404])('%i is handed on', async (status) => {
    const { api, way } = await rig('made-up-1');
    api.answer = (_, response) => response.writeHead(status).end('made up');
    expect(await way.get(`${api.origin}/accounts`)).toEqual({ status, body: 'made up' });
    expect(api.seen).toHaveLength(1);
  });

  test('another origin gets no token, asked for or redirected to', async () => {
    const { api, way } = await rig('made-up-1');
    const elsewhere = await ApiServer.started();
    elsewhere.answer = (_, response) => response.end('made up');
    api.answer = (_, response) => response.writeHead(302, { Location: `${elsewhere.origin}/redirected` }).end();
    expect(await way.get(`${elsewhere.origin}/asked`)).toEqual({ status: 200, body: 'made up' });
    expect(await way.get(`${api.origin}/accounts`)).toEqual({ status: 200, body: 'made up' });
    expect(authorizations(api)).toEqual(['Bearer made-up-1']);
    expect(elsewhere.seen).toMatchObject([
      { url: '/asked', authorization: undefined },
      { url: '/redirected', authorization: undefined },
    ]);
  });

  test('401 from another origin, where nobody has seen the token: no second try', async () => {
    const { receiver, api, way } = await rig('made-up-1');
    const elsewhere = await ApiServer.started();
    elsewhere.answer = (_, response) => {
      receiver.hold('made-up-2');
      response.writeHead(401).end('refused');
    };
    api.answer = (_, response) => response.writeHead(302, { Location: `${elsewhere.origin}/redirected` }).end();
    expect(await way.get(`${elsewhere.origin}/asked`)).toEqual({ status: 401, body: 'refused' });
    expect(await way.get(`${api.origin}/accounts`)).toEqual({ status: 401, body: 'refused' });
    expect([api.seen.length, elsewhere.seen.length]).toEqual([1, 2]);
  });

  test('a redirect within the origin keeps it', async () => {
    const { api, way } = await rig('made-up-1');
    api.accepts.add('made-up-1');
    api.answer = (_, response) => {
      api.answer = undefined;
      response.writeHead(307, { Location: '/moved' }).end();
    };
    expect(await way.get(`${api.origin}/accounts`)).toMatchObject({ status: 200 });
    expect(authorizations(api)).toEqual(['Bearer made-up-1', 'Bearer made-up-1']);
  });
});

test('axios: a subdomain is another origin', async () => {
  const receiver = await MadeUpReceiver.started();
  receiver.hold('made-up-1');
  const api = await ApiServer.started();
  api.answer = (request, response) => {
    if (request.headers.host?.startsWith('sub.') === true) response.end('{}');
    else response.writeHead(302, { Location: `http://sub.localhost:${api.port}/` }).end();
  };
  const origin = `http://localhost:${api.port}`;
  // Every name is this machine.
  const lookup = (_: string, __: object, found: (error: null, address: string, family: 4) => void): void =>
    found(null, '127.0.0.1', 4);
  const instance = axios.create({ baseURL: origin, proxy: false, lookup: lookup as never });
  addToken(instance, clientOf(receiver.path), origin);
  await instance.get('/');
  expect(api.seen.map(({ authorization }) => authorization)).toEqual(['Bearer made-up-1', undefined]);
});

test('fetch: a Request with a body is sent again as it was', async () => {
  const receiver = await MadeUpReceiver.started();
  receiver.hold('made-up-1');
  const api = await ApiServer.started();
  api.answer = (_, response) => {
    receiver.hold('made-up-2');
    response.writeHead(401).end();
  };
  const request = new Request(`${api.origin}/orders`, { method: 'PUT', body: 'made up', headers: { 'X-Made': 'up' } });
  await fetchWithToken(clientOf(receiver.path), api.origin)(request);
  expect(api.seen).toMatchObject([
    { authorization: 'Bearer made-up-1', body: 'made up' },
    { authorization: 'Bearer made-up-2', body: 'made up' },
  ]);
});
