/** A stand-in for the receiver's `GET /v1/token/events`, which can be restarted. */
import type { ServerResponse } from 'node:http';
import { answer, type Stage } from './commands-rig.ts';

export interface MadeUpToken {
  readonly access_token: string;
  readonly generation: number;
  readonly expires_at?: number;
}

export class EventServer {
  readonly #stage: Stage;
  readonly #readers = new Set<ServerResponse>();
  #held: MadeUpToken | undefined;
  #stop: () => Promise<void> = () => Promise.resolve();
  #connected = Promise.withResolvers<undefined>();

  constructor(stage: Stage) {
    this.#stage = stage;
  }

  /** @param held what it hands out at once */
  async start(held?: MadeUpToken): Promise<void> {
    this.#held = held;
    this.#connected = Promise.withResolvers<undefined>();
    this.#stop = await this.#stage.serve((request, response) => {
      if (request.url !== '/v1/token/events') {
        answer(response, 404, { title: 'There is nothing at this path', code: 'not_found' });
        return;
      }
      response.writeHead(200, { 'Content-Type': 'text/event-stream' });
      response.write(': hello\n\n');
      this.#readers.add(response);
      if (this.#held !== undefined) response.write(event(this.#held));
      this.#connected.resolve(undefined);
    });
  }

  /** Resolves when somebody follows, since the start. */
  async followed(): Promise<void> {
    await this.#connected.promise;
  }

  push(token: MadeUpToken): void {
    this.#held = token;
    for (const reader of this.#readers) reader.write(event(token));
  }

  async stop(): Promise<void> {
    this.#readers.clear();
    await this.#stop();
  }
}

function event(token: MadeUpToken): string {
  const data = { ...token, token_type: 'Bearer', received_at: 1_700_000_000 };
  return `event: token\nid: ${token.generation}\ndata: ${JSON.stringify(data)}\n\n`;
}
