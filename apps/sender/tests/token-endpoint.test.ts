/** The request to the token endpoint over real HTTP and HTTPS. */
import { startSandbox, type Sandbox, type SandboxOptions } from '@token-relay/schwab-sandbox';
import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import { connect, type AddressInfo, type Socket } from 'node:net';
import { getCACertificates, setDefaultCACertificates } from 'node:tls';
import { inspect } from 'node:util';
import { afterEach, beforeEach, expect, onTestFinished, test, vi } from 'vitest';
import { postForm } from '../src/refresh/token-endpoint.ts';
import { judgeRefreshAnswer, type RefreshOutcome } from '../src/refresh/token-answer.ts';
import { refreshRequest } from '../src/refresh/token-request.ts';

const PROXY_VARIABLES = ['http_proxy', 'https_proxy', 'all_proxy', 'no_proxy'];
const app = { appKey: 'made-up-app-key', appSecret: 'made-up-app-secret' };

beforeEach(() => {
  for (const name of PROXY_VARIABLES) {
    vi.stubEnv(name, undefined);
    vi.stubEnv(name.toUpperCase(), undefined);
  }
});
afterEach(() => {
  vi.unstubAllEnvs();
});

async function sandbox(options: Partial<SandboxOptions> = {}): Promise<{ schwab: Sandbox; refreshToken: string }> {
  const schwab = await startSandbox(options);
  onTestFinished(() => schwab.close());
  return { schwab, refreshToken: schwab.logIn().refreshToken };
}

async function listening(server: Server): Promise<number> {
  onTestFinished(async () => {
    server.closeAllConnections();
    server.close();
    await once(server, 'close');
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return (server.address() as AddressInfo).port;
}

const post = (url: string, timeoutMs = 10_000) =>
  postForm(refreshRequest(url, app, 'made-up-refresh-token'), timeoutMs);

async function refresh(schwab: Sandbox, refreshToken: string, timeoutMs = 10_000): Promise<RefreshOutcome> {
  const exchange = await postForm(refreshRequest(schwab.tokenUrl, schwab.credentials, refreshToken), timeoutMs);
  return exchange.kind === 'fault'
    ? { kind: 'passing', reason: exchange.reason }
    : judgeRefreshAnswer(exchange.answer, Date.now());
}

function trust(certificate: string | undefined): void {
  const before = getCACertificates('default');
  onTestFinished(() => setDefaultCACertificates(before));
  setDefaultCACertificates([...before, certificate ?? '']);
}

test('over http and https, a refresh is granted', async () => {
  for (const tls of [false, true]) {
    const { schwab, refreshToken } = await sandbox({ tls });
    if (tls) trust(schwab.caCertificate);
    expect(await refresh(schwab, refreshToken)).toMatchObject({ kind: 'granted', tokens: { expiresInSeconds: 1800 } });
  }
});

test('a server whose certificate nobody vouches for is sent nothing', async () => {
  const { schwab, refreshToken } = await sandbox({ tls: true });
  expect(await refresh(schwab, refreshToken)).toMatchObject({ kind: 'passing', reason: /cannot be trusted \(.*CERT/ });
  expect(schwab.requests).toEqual([]);
});

test('the request is what SCHWAB asks for: Basic authentication, and the grant and the refresh token and nothing else', async () => {
  const seen = Promise.withResolvers<{ headers: Record<string, unknown>; method: string | undefined; body: string }>();
  const port = await listening(
    createServer((request, response) => {
      let body = '';
      request.on('data', (chunk: Buffer) => (body += chunk.toString()));
      request.on('end', () => {
        seen.resolve({ headers: request.headers, method: request.method, body });
        response.end('{}');
      });
    }),
  );
  await post(`http://127.0.0.1:${port}/v1/oauth/token`);
  const { headers, method, body } = await seen.promise;
  expect([method, body]).toEqual(['POST', 'grant_type=refresh_token&refresh_token=made-up-refresh-token']);
  expect(headers).toMatchObject({
    authorization: `Basic ${Buffer.from('made-up-app-key:made-up-app-secret').toString('base64')}`,
    'content-type': 'application/x-www-form-urlencoded',
  });
});

test('a redirect is not followed, and so nobody else is sent the login', async () => {
  let visits = 0;
  const elsewhere = await listening(
    createServer((_request, response) => {
      visits += 1;
      response.end('{}');
    }),
  );
  for (const status of [301, 302, 303, 307, 308]) {
    const port = await listening(
      createServer((_request, response) => {
        response.writeHead(status, { location: `http://127.0.0.1:${elsewhere}/` }).end();
      }),
    );
    expect(await post(`http://127.0.0.1:${port}/`)).toMatchObject({ kind: 'answer', answer: { status } });
  }
  expect(visits).toBe(0);
});

test.each([
  ['an answer over the limit', { kind: 'huge', bytes: 300 * 1024 }, /too long/],
  ['an answer that is cut off', { kind: 'cut_off' }, /cut off/],
  ['a reset connection', { kind: 'reset' }, /cut off/],
  ['an answer that never comes', { kind: 'hang' }, /no complete answer from 127\.0\.0\.1:\d+ within 0\.25 s/],
  ['an answer that never ends', { kind: 'stall' }, /no complete answer .* within 0\.25 s/],
] as const)('%s is a fault in words, and no secret is in it', async (_name, fault, words) => {
  const { schwab, refreshToken } = await sandbox();
  schwab.addFault(fault);
  const isWaiting = fault.kind === 'hang' || fault.kind === 'stall';
  const request = refreshRequest(schwab.tokenUrl, schwab.credentials, refreshToken);
  const exchange = await postForm(request, isWaiting ? 250 : 10_000);
  expect(exchange).toEqual({ kind: 'fault', reason: expect.stringMatching(words) as unknown });
  const everything = inspect(exchange, { depth: 10, showHidden: true });
  for (const secret of [refreshToken, schwab.credentials.appSecret, request.headers['Authorization'] ?? '']) {
    expect(everything).not.toContain(secret);
  }
});

test('an AxiosError never escapes: whatever is wrong with the address, the answer is a fault', async () => {
  const server = createServer();
  const port = await listening(server);
  server.close();
  for (const url of [`http://127.0.0.1:${port}/`, 'http://name.invalid/', 'https://127.0.0.1:1/']) {
    const exchange = await post(url);
    expect(Object.keys(exchange)).toEqual(['kind', 'reason']);
    expect(exchange).toMatchObject({ kind: 'fault', reason: /E[A-Z_]+/ });
  }
});

test('Retry-After and a body that is gzip arrive', async () => {
  const { schwab, refreshToken } = await sandbox();
  schwab.addFault({ kind: 'status', status: 429, headers: { 'Retry-After': '120' } });
  expect(await refresh(schwab, refreshToken)).toMatchObject({ kind: 'passing', retryAfterMs: 120_000 });
  schwab.addFault({ kind: 'gzip' });
  expect(await refresh(schwab, refreshToken)).toMatchObject({ kind: 'granted' });
});

test("the environment's proxy is used for https, as a tunnel that cannot read along", async () => {
  const { schwab, refreshToken } = await sandbox({ tls: true });
  trust(schwab.caCertificate);
  let clear = '';
  const tunnels: Socket[] = [];
  const proxy = createServer((_request, response) => response.writeHead(400).end());
  proxy.on('connect', ({ url }: { url: string }, client: Socket) => {
    const upstream = connect(Number(new URL(`http://${url}`).port), '127.0.0.1', () => {
      client.write('HTTP/1.1 200 Connection established\r\n\r\n');
      client.pipe(upstream).pipe(client);
    });
    client.on('data', (chunk: Buffer) => (clear += chunk.toString('latin1')));
    for (const socket of [client, upstream]) socket.on('error', () => undefined);
    tunnels.push(client, upstream);
  });
  vi.stubEnv('https_proxy', `http://127.0.0.1:${await listening(proxy)}`);
  onTestFinished(() => tunnels.forEach((tunnel) => tunnel.destroy()));
  const url = schwab.tokenUrl.replace('127.0.0.1', 'localhost');
  const exchange = await postForm(refreshRequest(url, schwab.credentials, refreshToken), 10_000);
  expect(exchange).toMatchObject({ kind: 'answer', answer: { status: 200 } });
  expect(clear.length).toBeGreaterThan(100);
  expect(clear).not.toContain(refreshToken);
});

test('loopback in the clear is not sent through a proxy, who could read along', async () => {
  const { schwab, refreshToken } = await sandbox();
  let visits = 0;
  const proxy = createServer((_request, response) => {
    visits += 1;
    response.writeHead(502).end();
  });
  vi.stubEnv('http_proxy', `http://127.0.0.1:${await listening(proxy)}`);
  expect(await refresh(schwab, refreshToken)).toMatchObject({ kind: 'granted' });
  expect(visits).toBe(0);
});

test('an HTTP client that cannot be loaded is a fault like any other, and not the end of the sender', async () => {
  vi.doMock('axios', () => {
    throw new Error('made up');
  });
  onTestFinished(() => {
    vi.doUnmock('axios');
  });
  const { schwab, refreshToken } = await sandbox();
  expect(await refresh(schwab, refreshToken)).toEqual({
    kind: 'passing',
    reason: expect.stringMatching(/^the request to 127\.0\.0\.1:\d+ failed \(/) as unknown,
  });
});
