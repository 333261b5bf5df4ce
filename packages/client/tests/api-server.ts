import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { onTestFinished } from 'vitest';

export interface SeenRequest {
  readonly url: string;
  readonly authorization: string | undefined;
  readonly body: string;
}

/** An API on a loopback port that takes some tokens; it is gone when the test is over. */
export class ApiServer {
  readonly seen: SeenRequest[] = [];
  readonly accepts = new Set<string>();
  /** In place of looking at the token. */
  answer: ((request: IncomingMessage, response: ServerResponse) => void) | undefined;
  readonly #server = createServer((request, response) => {
    this.#serve(request, response).catch(() => response.destroy());
  });

  static async started(): Promise<ApiServer> {
    const api = new ApiServer();
    api.#server.listen(0, '127.0.0.1');
    await once(api.#server, 'listening');
    onTestFinished(async () => {
      api.#server.close();
      api.#server.closeAllConnections();
      await once(api.#server, 'close');
    });
    return api;
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port;
  }

  get origin(): string {
    return `http://127.0.0.1:${this.port}`;
  }

  async #serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    let body = '';
    for await (const chunk of request) body += String(chunk);
    const { authorization } = request.headers;
    this.seen.push({ url: request.url ?? '', authorization, body });
    if (this.answer !== undefined) this.answer(request, response);
    else if (this.accepts.has(authorization?.replace(/^Bearer /, '') ?? '')) response.end('{"made":"up"}');
    else response.writeHead(401).end('refused');
  }
}
