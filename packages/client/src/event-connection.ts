/** One connection to the receiver's `GET /v1/token/events`. */
import { request, type ClientRequest, type IncomingMessage } from 'node:http';
import { readAccessToken, type AccessToken } from './access-token.ts';
import type { Problem } from './client-error.ts';
import { badStatus, connectionProblem, lost, notOurs, silent } from './connection-problem.ts';
import { EventStreamDecoder } from './event-stream-decoder.ts';

/** From the connect to the head of the answer. */
const ANSWER_TIMEOUT_MS = 10_000;

/** The receiver sends a heartbeat every 15 seconds: after three that did not come, nobody is there. */
const SILENCE_TIMEOUT_MS = 45_000;

/** Of a line and of an event, in characters. The receiver's `max_token_size` is 8192 bytes unless it is raised. */
const MAX_EVENT_LENGTH = 1024 ** 2;

export interface EventListener {
  /** The receiver has answered, and events follow. */
  readonly onOpen: () => void;
  readonly onToken: (token: AccessToken) => void;
  /** Called once, and nothing after it. Not called after `close()`. */
  readonly onEnd: (problem: Problem) => void;
}

/** Connects at once. Neither the socket nor the timer keeps the process alive. */
export class EventConnection {
  readonly #socketPath: string;
  readonly #listener: EventListener;
  readonly #request: ClientRequest;
  readonly #closed: Promise<unknown>;
  readonly #decoder = new EventStreamDecoder(MAX_EVENT_LENGTH);
  #silence: NodeJS.Timeout;
  #ended = false;

  constructor(socketPath: string, listener: EventListener) {
    this.#socketPath = socketPath;
    this.#listener = listener;
    this.#silence = this.#giveUpAfter(ANSWER_TIMEOUT_MS);
    this.#request = request({
      socketPath,
      path: '/v1/token/events',
      // A connection of its own, outside of every pool.
      agent: false,
      headers: { Host: 'localhost', Accept: 'text/event-stream' },
    });
    this.#closed = new Promise((resolve) => this.#request.once('close', resolve));
    this.#request.on('socket', (socket) => socket.unref());
    this.#request.on('error', (error) => this.#end(connectionProblem(codeOf(error), socketPath)));
    this.#request.on('response', (response) => this.#read(response));
    this.#request.end();
  }

  /** Resolves when the connection is closed. */
  async close(): Promise<void> {
    this.#stop();
    await this.#closed;
  }

  #read(response: IncomingMessage): void {
    response.on('close', () => this.#end(lost(this.#socketPath)));
    const status = response.statusCode ?? 0;
    if (status !== 200) {
      this.#end(badStatus(this.#socketPath, status));
      return;
    }
    if (!/^text\/event-stream\b/i.test(response.headers['content-type'] ?? '')) {
      this.#end(notOurs(this.#socketPath, 'no event stream'));
      return;
    }
    clearTimeout(this.#silence);
    this.#silence = this.#giveUpAfter(SILENCE_TIMEOUT_MS);
    response.on('data', (bytes: Buffer) => this.#take(bytes));
    this.#listener.onOpen();
  }

  #take(bytes: Buffer): void {
    if (this.#ended) return;
    this.#silence.refresh();
    const events = this.#decoder.push(bytes);
    if (events === 'too_large') {
      this.#end(notOurs(this.#socketPath, 'an event is larger than 1 MiB'));
      return;
    }
    for (const { type, data } of events) {
      if (type !== 'token') continue;
      const token = readAccessToken(data);
      if (token === undefined) {
        this.#end(notOurs(this.#socketPath, 'an event holds no token'));
        return;
      }
      this.#listener.onToken(token);
    }
  }

  #giveUpAfter(silenceMs: number): NodeJS.Timeout {
    return setTimeout(() => this.#end(silent(this.#socketPath, silenceMs)), silenceMs).unref();
  }

  #end(problem: Problem): void {
    if (this.#ended) return;
    this.#stop();
    this.#listener.onEnd(problem);
  }

  #stop(): void {
    this.#ended = true;
    clearTimeout(this.#silence);
    this.#request.destroy();
  }
}

function codeOf(error: Error): string | undefined {
  return 'code' in error && typeof error.code === 'string' ? error.code : undefined;
}
