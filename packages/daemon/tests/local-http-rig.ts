/** A server with made-up routes, and a client that sends bytes as they are. */
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import type { Server } from 'node:http';
import type { Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { onTestFinished, vi } from 'vitest';
import { RawClient } from '../../../tests/rigs/raw-client.ts';
import { createLocalHttp, type LocalHttpOptions, type Route } from '../src/index.ts';

export interface Served {
  readonly server: Server;
  readonly path: string;
  /** The server's ends of the connections, in the order in which they came. */
  readonly sockets: Socket[];
  readonly log: { error: ReturnType<typeof vi.fn> };
  readonly client: () => RawClient;
}

export async function serve(routes: readonly Route[], options: Partial<LocalHttpOptions> = {}): Promise<Served> {
  const folder = mkdtempSync(join(tmpdir(), 'http-'));
  const path = join(folder, 'api.sock');
  const log = { debug: vi.fn(), info: vi.fn(), warn: vi.fn(), error: vi.fn() };
  const server = createLocalHttp(routes, { log, ...options });
  const sockets: Socket[] = [];
  server.on('connection', (socket: Socket) => sockets.push(socket));
  server.listen({ path, backlog: 4096 });
  await once(server, 'listening');
  onTestFinished(() => {
    server.close();
    server.closeAllConnections();
    for (const socket of sockets) socket.destroy();
    rmSync(folder, { recursive: true, force: true });
  });
  return { server, path, sockets, log, client: () => new RawClient(path) };
}

export const get = (path: string, fields = ''): string => `GET ${path} HTTP/1.1\r\nHost: localhost\r\n${fields}\r\n`;

/** A route that answers when the test says so, and how many wait. */
export function waitingRoute(path = '/wait'): { route: Route; waiting: Set<() => void> } {
  const waiting = new Set<() => void>();
  const route: Route = {
    method: 'GET',
    path,
    answer: ({ signal }) =>
      new Promise((resolve) => {
        const answer = (): void => {
          waiting.delete(answer);
          resolve({ status: 200, body: 'waited' });
        };
        waiting.add(answer);
        signal.addEventListener('abort', answer);
      }),
  };
  return { route, waiting };
}

/** Says the value of `?n=`. */
export const plainRoute: Route = {
  method: 'GET',
  path: '/plain',
  answer: (request) => ({ status: 200, body: `plain ${request.queryValue('n') ?? ''}.` }),
};
