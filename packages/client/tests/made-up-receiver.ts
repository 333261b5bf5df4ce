/** The receiver's `GET /v1/token/events`, as its contract has it, on a real Unix socket; and ways to break the contract. */
import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';
import { temporaryFolder } from './temporary-folder.ts';

export interface MadeUpToken {
  readonly token: string;
  /** default: the next one */
  readonly generation?: number;
  /** default: in half an hour; null: unknown */
  readonly expiresAtMs?: number | null;
}

export class MadeUpReceiver {
  readonly path: string;
  /** What the requests for events had in their `Last-Event-ID`. */
  readonly lastEventIds: (string | undefined)[] = [];
  /** In place of the contract. */
  answer: ((request: IncomingMessage, response: ServerResponse) => void) | undefined;
  #server: Server | undefined;
  #readers = new Set<ServerResponse>();
  #held: { id: string; event: string } | undefined;
  #generation = 0;
  #news = Promise.withResolvers<undefined>();

  constructor(path: string = join(temporaryFolder(), 'api.sock')) {
    this.path = path;
    onTestFinished(() => this.stop());
  }

  static async started(path?: string): Promise<MadeUpReceiver> {
    const receiver = new MadeUpReceiver(path);
    await receiver.start();
    return receiver;
  }

  async start(): Promise<void> {
    this.#server = createServer((request, response) => this.#serve(request, response)).listen(this.path);
    await once(this.#server, 'listening');
  }

  /** As when the process ends: connections are cut. A new start knows nothing of before. */
  async stop(): Promise<void> {
    const server = this.#server;
    if (server === undefined) return;
    this.#server = undefined;
    this.#held = undefined;
    this.#generation = 0;
    server.close();
    server.closeAllConnections();
    await once(server, 'close');
  }

  hold(token: string | MadeUpToken): void {
    const made = typeof token === 'string' ? { token } : token;
    this.#generation = made.generation ?? this.#generation + 1;
    this.#held = { id: String(this.#generation), event: tokenEvent(this.#generation, made) };
    this.say(this.#held.event);
  }

  /** Bytes for every reader. */
  say(text: string | Uint8Array): void {
    for (const reader of this.#readers) reader.write(text);
  }

  /** Ends the answers as HTTP does, or cuts the connections. */
  hangUp(how: 'ends' | 'cuts'): void {
    for (const reader of this.#readers) {
      if (how === 'ends') reader.end();
      else reader.destroy();
    }
  }

  get readers(): number {
    return this.#readers.size;
  }

  get connections(): number {
    return this.lastEventIds.length;
  }

  /** Waits for what requests and their ends bring about. */
  async until(look: () => boolean): Promise<void> {
    while (!look()) await this.#news.promise;
  }

  #serve(request: IncomingMessage, response: ServerResponse): void {
    const id = request.headers['last-event-id'];
    this.lastEventIds.push(typeof id === 'string' ? id : undefined);
    response.on('close', () => {
      this.#readers.delete(response);
      this.#tell();
    });
    if (this.answer !== undefined) this.answer(request, response);
    else if (request.method === 'GET' && request.url === '/v1/token/events') {
      response.writeHead(200, { 'Content-Type': 'text/event-stream', 'Cache-Control': 'no-store' });
      response.write(this.#held === undefined || this.#held.id === id ? ': connected\n\n' : this.#held.event);
      this.#readers.add(response);
    } else response.writeHead(404).end();
    this.#tell();
  }

  #tell(): void {
    this.#news.resolve(undefined);
    this.#news = Promise.withResolvers<undefined>();
  }
}

export function tokenEvent(generation: number, { token, expiresAtMs }: MadeUpToken): string {
  const expiryMs = expiresAtMs === undefined ? Date.now() + 1_800_000 : expiresAtMs;
  const data = JSON.stringify({
    access_token: token,
    token_type: 'Bearer',
    ...(expiryMs === null
      ? {}
      : { expires_at: Math.floor(expiryMs / 1_000), expires_in: Math.floor((expiryMs - Date.now()) / 1_000) }),
    generation,
    received_at: Math.floor(Date.now() / 1_000),
  });
  return `event: token\nid: ${generation}\ndata: ${data}\n\n`;
}
