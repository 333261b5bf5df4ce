import { once } from 'node:events';
import { request } from 'node:http';
import { connect, createServer, type Socket } from 'node:net';
import { expect, onTestFinished, test, vi } from 'vitest';
import { openMetricsPort, type MetricsPort, type Route } from '../src/index.ts';

const log = { debug: vi.fn(), info: vi.fn(), warn: vi.fn(), error: vi.fn() };
const SECRET = 'made-up-access-token';
const says = (path: string, body: string, method: Route['method'] = 'GET'): Route => ({
  method,
  path,
  answer: () => ({ status: 200, body }),
});
const routes = [
  says('/metrics', 'made_up 1\n'),
  says('/healthz', 'alive'),
  says('/readyz', 'ready'),
  says('/v1/token', SECRET),
  says('/v1/token/raw', SECRET),
  says('/v1/refresh', 'refreshed', 'POST'),
  says('/metrics', 'posted', 'POST'),
];

async function open(): Promise<MetricsPort> {
  const opened = await openMetricsPort({ port: 0, routes, log });
  onTestFinished(opened.close);
  return opened;
}

async function ask(
  port: number,
  path: string,
  options: { method?: string; headers?: Record<string, string> } = {},
): Promise<{ status: number; text: string }> {
  const { promise, resolve, reject } = Promise.withResolvers<{ status: number; text: string }>();
  const asked = request({ host: '127.0.0.1', port, path, agent: false, ...options }, (response) => {
    let text = '';
    response.on('data', (chunk: Buffer) => (text += chunk.toString()));
    response.on('end', () => resolve({ status: response.statusCode ?? 0, text }));
  });
  asked.on('error', reject);
  asked.end();
  return promise;
}

async function connected(port: number, host = '127.0.0.1'): Promise<Socket> {
  const socket = connect({ host, port });
  onTestFinished(() => void socket.destroy());
  await once(socket, 'connect');
  return socket;
}

test('the port serves the metrics and the probes', async () => {
  const { port } = await open();
  expect(await ask(port, '/metrics')).toEqual({ status: 200, text: 'made_up 1\n' });
  expect(await ask(port, '/healthz')).toEqual({ status: 200, text: 'alive' });
  expect(await ask(port, '/readyz')).toEqual({ status: 200, text: 'ready' });
  expect(log.info).toHaveBeenCalledWith(`Metrics at http://127.0.0.1:${port}/metrics`);
});

test('no other route is served, whatever it was given: tokens never', async () => {
  const { port } = await open();
  for (const path of ['/v1/token', '/v1/token/raw', '/v1/refresh', '/', '/metrics/', '/metrics/../v1/token']) {
    for (const method of ['GET', 'POST']) {
      const { status, text } = await ask(port, path, { method });
      expect(status).toBe(404);
      expect(text).not.toContain(SECRET);
    }
  }
  expect((await ask(port, '/metrics', { method: 'POST' })).status).toBe(405);
});

test('a name that was made to point at this machine is refused', async () => {
  const { port } = await open();
  for (const host of ['attacker.example', `attacker.example:${port}`, '192.0.2.1']) {
    const { status, text } = await ask(port, '/metrics', { headers: { Host: host } });
    expect(status).toBe(421);
    expect(JSON.parse(text)).toMatchObject({ code: 'misdirected_request' });
  }
  for (const host of [`localhost:${port}`, '127.0.0.1', '[::1]:1']) {
    expect((await ask(port, '/metrics', { headers: { Host: host } })).status).toBe(200);
  }
});

test('a page of another site is refused', async () => {
  const { port } = await open();
  expect((await ask(port, '/metrics', { headers: { Origin: 'https://attacker.example' } })).status).toBe(403);
});

test('the port is on 127.0.0.1 and nowhere else', async () => {
  const { port } = await open();
  await expect(connected(port, '127.0.0.2')).rejects.toMatchObject({ code: 'ECONNREFUSED' });
});

test('a port in use is an error that names it and says what to do', async () => {
  const { port } = await open();
  await expect(openMetricsPort({ port, routes, log })).rejects.toMatchObject({
    name: 'ConfigurationError',
    code: 'config_invalid',
    message: `metrics_port: another program is listening on 127.0.0.1:${port}. Stop it, or choose another port.`,
  });
});

test('connections are bounded: of 500 that say nothing, the first give way, and others are answered meanwhile', async () => {
  const { port } = await open();
  const held: Socket[] = [];
  let closed = 0;
  for (let index = 0; index < 500; index += 1) {
    const socket = connect({ host: '127.0.0.1', port });
    onTestFinished(() => void socket.destroy());
    socket.on('error', () => undefined).on('close', () => (closed += 1));
    held.push(socket);
  }
  await vi.waitFor(async () => expect((await ask(port, '/metrics')).status).toBe(200), { timeout: 20_000 });
  await vi.waitFor(() => expect(closed).toBeGreaterThan(240), { timeout: 20_000 });
  expect(held[0]?.destroyed).toBe(true);
});

test('closing ends the connections, also one that waits for its answer, and frees the port', async () => {
  const asked = Promise.withResolvers<undefined>();
  const hanging: Route = {
    method: 'GET',
    path: '/readyz',
    answer: () => {
      asked.resolve(undefined);
      return new Promise(() => undefined);
    },
  };
  const { port, close } = await openMetricsPort({ port: 0, routes: [hanging], log });
  const waiting = await connected(port);
  const ended = once(waiting, 'close');
  waiting.write('GET /readyz HTTP/1.1\r\nHost: localhost\r\n\r\n');
  await asked.promise;
  await close();
  await ended;
  const other = createServer();
  onTestFinished(() => void other.close());
  other.listen(port, '127.0.0.1');
  await once(other, 'listening');
});
