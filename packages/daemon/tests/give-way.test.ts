import { once } from 'node:events';
import { createServer, type ServerResponse } from 'node:http';
import { connect, type AddressInfo, type Socket } from 'node:net';
import { expect, onTestFinished, test, vi } from 'vitest';
import { giveWay } from '../src/index.ts';

const PATIENCE = { timeout: 20_000, interval: 5 };

interface Joined {
  readonly socket: Socket;
  readonly text: () => string;
}

async function serve(maxConnections: number) {
  const due: ServerResponse[] = [];
  const server = createServer((request, response) => {
    if (request.url === '/later') due.push(response);
    else response.end('at once');
    request.resume();
  });
  giveWay(server, maxConnections);
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  onTestFinished(() => {
    server.close();
    server.closeAllConnections();
  });
  const { port } = server.address() as AddressInfo;
  const join = async (path?: string): Promise<Joined> => {
    const socket = connect(port, '127.0.0.1').on('error', () => undefined);
    onTestFinished(() => void socket.destroy());
    let text = '';
    socket.on('data', (chunk: Buffer) => (text += chunk.toString()));
    await once(socket, 'connect');
    if (path !== undefined) socket.write(`GET ${path} HTTP/1.1\r\nHost: a\r\n\r\n`);
    return { socket, text: () => text };
  };
  return { due, join };
}

/** Resolves when the newcomer has its answer, and the other one has lost its place. */
async function servedInPlaceOf(newcomer: Joined, other: Joined): Promise<void> {
  await vi.waitUntil(() => newcomer.text().includes('at once'), PATIENCE);
  await vi.waitUntil(() => other.socket.destroyed, PATIENCE);
}

test('the connection that has been without a request for longest gives its place to the one that comes', async () => {
  const { join } = await serve(2);
  const [first, second] = [await join(), await join()];
  const third = await join('/');
  await servedInPlaceOf(third, first);
  expect(second.socket.destroyed).toBe(false);
  const fourth = await join('/');
  await servedInPlaceOf(fourth, second);
  expect(third.socket.destroyed).toBe(false);
});

test('one that waits for its answer stays, and with nothing but those, the one that comes is closed', async () => {
  const { due, join } = await serve(2);
  const waiting = [await join('/later'), await join('/later')];
  await vi.waitUntil(() => due.length === 2, PATIENCE);
  const third = await join('/');
  await vi.waitUntil(() => third.socket.destroyed, PATIENCE);
  for (const response of due) response.end('later');
  for (const each of waiting) await vi.waitUntil(() => each.text().includes('later'), PATIENCE);
  // Answered, they are idle again.
  const fourth = await join('/');
  await vi.waitUntil(() => fourth.text().includes('at once'), PATIENCE);
  await vi.waitUntil(() => waiting[0]?.socket.destroyed, PATIENCE);
});

test('one whose request has not come whole gives its place, and keeps it once it has', async () => {
  const { due, join } = await serve(2);
  const [first, second] = [await join(), await join()];
  const head = 'POST /later HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\n\r\n';
  first.socket.write(head);
  second.socket.write(`${head}ab`);
  await vi.waitUntil(() => due.length === 2, PATIENCE);
  await vi.waitUntil(() => due[1]?.req.complete, PATIENCE);
  const third = await join('/');
  await servedInPlaceOf(third, first);
  expect(second.socket.destroyed).toBe(false);
  const fourth = await join('/');
  await servedInPlaceOf(fourth, third);
  due[1]?.end('later');
  await vi.waitUntil(() => second.text().includes('later'), PATIENCE);
});

test('one that was answered stays while another of its answers is due', async () => {
  const { due, join } = await serve(2);
  const first = await join('/');
  first.socket.write('GET /later HTTP/1.1\r\nHost: a\r\n\r\n');
  await vi.waitUntil(() => due.length === 1 && first.text().includes('at once'), PATIENCE);
  const pipelined = await join();
  pipelined.socket.write('GET / HTTP/1.1\r\nHost: a\r\n\r\nGET /later HTTP/1.1\r\nHost: a\r\n\r\n');
  await vi.waitUntil(() => due.length === 2 && pipelined.text().includes('at once'), PATIENCE);
  const third = await join('/');
  await vi.waitUntil(() => third.socket.destroyed, PATIENCE);
  for (const response of due) response.end('later');
  for (const each of [first, pipelined]) await vi.waitUntil(() => each.text().includes('later'), PATIENCE);
});

test('one that does not read its answer gives its place, however many of them there are', async () => {
  const { due, join } = await serve(2);
  const unread = [await join('/later'), await join('/later')];
  for (const { socket } of unread) socket.pause();
  await vi.waitUntil(() => due.length === 2, PATIENCE);
  for (const response of due) response.end(Buffer.alloc(64 * 1024 ** 2));
  const third = await join('/');
  await vi.waitUntil(() => third.text().includes('at once'), PATIENCE);
});
