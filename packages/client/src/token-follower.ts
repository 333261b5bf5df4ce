import type { AccessToken } from './access-token.ts';
import type { Problem } from './client-error.ts';
import { EventConnection } from './event-connection.ts';
import { reconnectDelay } from './reconnect.ts';
import type { SocketPath } from './socket-path.ts';

/** `broken` stays until the receiver has answered again. */
export type FollowerState =
  | { readonly kind: 'connecting' }
  | { readonly kind: 'following' }
  | { readonly kind: 'broken'; readonly problem: Problem };

export interface FollowerOptions {
  /** Looked up before each try: the receiver may come later than this program, and make its folder then. */
  readonly socketPath: () => SocketPath;
  readonly onToken: (token: AccessToken) => void;
  /** default Math.random */
  readonly random?: () => number;
}

/**
 * Keeps one connection to the receiver's events, and connects again for as long as it takes.
 *
 * It never sends `Last-Event-ID`: the id is the generation, and a receiver that starts anew counts from 1 again. One that
 * holds a new token under the number of an old one would take us for up to date, and say nothing until the next.
 */
export class TokenFollower {
  readonly #options: FollowerOptions;
  readonly #random: () => number;
  #state: FollowerState = { kind: 'connecting' };
  #connection: EventConnection | undefined;
  #openedAtMs: number | undefined;
  #retry: NodeJS.Timeout | undefined;
  #attempt = 0;

  constructor(options: FollowerOptions) {
    this.#options = options;
    this.#random = options.random ?? Math.random;
    this.#connect();
  }

  get state(): FollowerState {
    return this.#state;
  }

  /** Resolves when the connection is closed. */
  async stop(): Promise<void> {
    clearTimeout(this.#retry);
    await this.#connection?.close();
  }

  #connect(): void {
    const found = this.#options.socketPath();
    if (found.kind === 'unusable') {
      this.#broken(found.problem);
      return;
    }
    this.#connection = new EventConnection(found.path, {
      onOpen: () => {
        this.#openedAtMs = performance.now();
        this.#state = { kind: 'following' };
      },
      onToken: (token) => this.#options.onToken(token),
      onEnd: (problem) => this.#broken(problem),
    });
  }

  #broken(problem: Problem): void {
    this.#state = { kind: 'broken', problem };
    const lastedMs = this.#openedAtMs === undefined ? 0 : performance.now() - this.#openedAtMs;
    this.#openedAtMs = undefined;
    const [delayMs, attempt] = reconnectDelay(this.#attempt, lastedMs, this.#random);
    this.#attempt = attempt;
    this.#retry = setTimeout(() => this.#connect(), delayMs).unref();
  }
}
