import type { Socket } from 'node:net';
import { DEFAULT_MAX_TOKEN_SIZE, type Reply, type TokenMessage } from '@token-relay/protocol';
import type { TokenAddress } from './address.ts';
import { type Callback, Callbacks } from './callbacks.ts';
import { receiveMessage, refuse, type Verdict } from './connection.ts';
import { type HeldToken, isRepeat, withoutRefreshToken } from './held-token.ts';
import { type Listener, openListeners } from './listeners.ts';
import { type Rejection, TokenReceiverError } from './receiver-error.ts';

export type TokenReceiverOptions = {
  /** At most 107 bytes. */
  unixSocketPath?: string;
  /** A loopback address; default 127.0.0.1. */
  tcpHost?: string;
  /** Without it nothing listens on TCP; 0 takes any free port. */
  tcpPort?: number;
  /** Default true: TCP only if the Unix socket cannot be opened. False: each one that is given. */
  preferUnixSocket?: boolean;
  /** Bytes of one message; default 8192. */
  maxTokenSize?: number;
  /** For one whole message, from the connect, and again for the peer to close after its reply; default 5000. */
  receiveTimeoutMs?: number;
  /** Default 128. */
  listenBacklog?: number;
  /** Connections at a time; one more is told `busy`. Default 256. */
  maxConnections?: number;
  /** Permission bits of the Unix socket; default 0o660. */
  socketMode?: number;
  /** Group of the Unix socket; default the process's own. */
  socketGroupId?: number;
  /** Default true. False: refresh tokens are given to the callbacks, and then forgotten. */
  keepRefreshToken?: boolean;
  /** Epoch milliseconds; default Date.now. */
  nowMs?: () => number;
};

/**
 * Takes tokens in over the token socket and holds the newest: the one whose message was completed last.
 *
 * A token is held before it is acknowledged, and the callbacks are called after that.
 */
export class TokenReceiver {
  readonly #options: TokenReceiverOptions;
  readonly #limits: { maxBytes: number; timeoutMs: number };
  readonly #maxConnections: number;
  readonly #connections = new Set<Socket>();
  readonly #refused = new Set<Socket>();
  readonly #tokenCallbacks = new Callbacks<HeldToken>((error) => this.#noteCallbackFailure(error));
  readonly #rejectionCallbacks = new Callbacks<Rejection>((error) => this.#noteCallbackFailure(error));
  #starting: Promise<void> | undefined;
  #listeners: Listener[] = [];
  #held: HeldToken | undefined;
  #tokenCount = 0;
  #lastError: Error | undefined;

  constructor(options: TokenReceiverOptions) {
    this.#options = options;
    this.#limits = {
      maxBytes: options.maxTokenSize ?? DEFAULT_MAX_TOKEN_SIZE,
      timeoutMs: options.receiveTimeoutMs ?? 5000,
    };
    this.#maxConnections = options.maxConnections ?? 256;
  }

  /**
   * Resolves with the addresses when it listens; again if it does already. Rejects with a SocketBindError. If it fell back to TCP,
   * `getLastError()` is the SocketBindError that says why.
   */
  async start(): Promise<TokenAddress[]> {
    this.#starting ??= this.#listen();
    try {
      await this.#starting;
    } catch (error) {
      this.#starting = undefined;
      if (error instanceof Error) this.#lastError = error;
      throw error;
    }
    return this.addresses();
  }

  /** Closes everything, connections in progress too, and removes the socket file if it is still its own. Keeps the token. */
  async stop(): Promise<void> {
    await this.#starting?.catch(() => undefined);
    this.#starting = undefined;
    const closing = this.#listeners.splice(0).map((listener) => listener.close());
    for (const socket of [...this.#connections, ...this.#refused]) socket.destroy();
    await Promise.all(closing);
  }

  isRunning(): boolean {
    return this.#listeners.length > 0;
  }

  /** The newest token, expired or not. */
  getLatestToken(): HeldToken | undefined {
    return this.#held;
  }

  /** How many tokens it accepted, repeats not counted; the generation of the latest one. */
  getTokenCount(): number {
    return this.#tokenCount;
  }

  /** The last thing that went wrong: a SocketBindError or a TokenReceiverError. */
  getLastError(): Error | undefined {
    return this.#lastError;
  }

  /** Where it listens; empty while it does not. */
  addresses(): TokenAddress[] {
    return this.#listeners.map((listener) => listener.address);
  }

  /** Called with each new token, its refresh token included. Returns what takes the callback off. */
  onToken(callback: Callback<HeldToken>): () => void {
    return this.#tokenCallbacks.add(callback);
  }

  /** Called with each message that was not taken. Returns what takes the callback off. */
  onRejected(callback: Callback<Rejection>): () => void {
    return this.#rejectionCallbacks.add(callback);
  }

  async #listen(): Promise<void> {
    const { tcpHost = '127.0.0.1', preferUnixSocket = true, listenBacklog = 128, socketMode = 0o660 } = this.#options;
    const { listeners, fellBack } = await openListeners(
      { ...this.#options, tcpHost, preferUnixSocket, listenBacklog, socketMode },
      {
        onConnection: (socket, from) => this.#accept(socket, from),
        onError: (error) => {
          this.#lastError = new TokenReceiverError(
            'listener_failed',
            `A connection was not accepted: ${error.message}`,
          );
        },
      },
    );
    this.#listeners = listeners;
    if (fellBack !== undefined) this.#lastError = fellBack;
  }

  #accept(socket: Socket, from: 'unix' | 'tcp'): void {
    if (this.#connections.size >= this.#maxConnections) {
      this.#turnAway(socket, from);
      return;
    }
    this.#connections.add(socket);
    receiveMessage(socket, this.#limits, {
      decide: (verdict) => this.#decide(verdict, from),
      onClosed: () => this.#connections.delete(socket),
    });
  }

  /** Those turned away are as many as the others at most: beyond that they are not even told why. */
  #turnAway(socket: Socket, from: 'unix' | 'tcp'): void {
    const reply = this.#reject({ code: 'busy', detail: `more than ${this.#maxConnections} connections`, from });
    if (this.#refused.size >= this.#maxConnections) {
      socket.destroy();
      return;
    }
    this.#refused.add(socket);
    refuse(socket, this.#limits, reply, () => this.#refused.delete(socket));
  }

  #decide(verdict: Verdict, from: 'unix' | 'tcp'): Reply {
    switch (verdict.status) {
      case 'complete':
        this.#hold(verdict.message, from);
        return { kind: 'ok' };
      case 'rejected':
        return this.#reject({ code: verdict.code, detail: verdict.detail, from });
      case 'lost':
        return this.#reject({ code: 'connection_lost', detail: 'the connection was lost inside the message', from });
    }
  }

  #hold(message: TokenMessage, from: 'unix' | 'tcp'): void {
    const kept = this.#options.keepRefreshToken === false ? withoutRefreshToken(message) : message;
    if (isRepeat(this.#held, kept)) return;
    const receivedAtMs = (this.#options.nowMs ?? Date.now)();
    const about = { generation: ++this.#tokenCount, receivedAtMs, from };
    this.#held = Object.freeze({ message: Object.freeze(kept), ...about });
    this.#tokenCallbacks.announce(Object.freeze({ message: Object.freeze(message), ...about }));
  }

  #reject(rejection: Rejection): Reply {
    const text = `A message over ${rejection.from} was not taken (${rejection.code}): ${rejection.detail}`;
    this.#lastError = new TokenReceiverError('message_rejected', text, rejection);
    this.#rejectionCallbacks.announce(rejection);
    return { kind: 'error', code: rejection.code };
  }

  #noteCallbackFailure(error: unknown): void {
    const name = error instanceof Error ? error.name : typeof error;
    this.#lastError = new TokenReceiverError('callback_failed', `A callback of the token receiver failed (${name}).`);
  }
}
