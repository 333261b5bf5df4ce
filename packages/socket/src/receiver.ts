import { DEFAULT_MAX_TOKEN_SIZE, type Reply } from '@token-relay/protocol';
import type { TokenAddress } from './address.ts';
import { SocketBindError } from './bind-error.ts';
import { type Callback, Callbacks } from './callbacks.ts';
import type { Source, Verdict } from './connection.ts';
import type { HeldToken, ReceivedToken } from './held-token.ts';
import { type Listener, openListeners } from './listeners.ts';
import { NewestToken } from './newest-token.ts';
import type { PeerRefusal } from './peer-refusal.ts';
import { LaterSocket } from './later-socket.ts';
import { type Rejection, TokenReceiverError, type TokenReceiverErrorCode } from './receiver-error.ts';
import type { TokenReceiverOptions } from './receiver-options.ts';
import type { SocketNews } from './socket-keeper.ts';
import { type TlsMaterial, TlsMaterialError } from './tls-material.ts';

/**
 * Takes tokens in over the token socket and holds the newest: the one whose message was completed last.
 *
 * A token is held before it is acknowledged, and the callbacks are called after that.
 */
export class TokenReceiver {
  readonly #options: TokenReceiverOptions;
  readonly #pattern: RegExp | undefined;
  readonly #newest: NewestToken;
  readonly #tokenCallbacks = new Callbacks<ReceivedToken>((error) => this.#noteCallbackFailure(error));
  readonly #rejectionCallbacks = new Callbacks<Rejection>((error) => this.#noteCallbackFailure(error));
  readonly #newsCallbacks = new Callbacks<SocketNews>((error) => this.#noteCallbackFailure(error));
  readonly #refusalCallbacks = new Callbacks<PeerRefusal>((error) => this.#noteCallbackFailure(error));
  #tls: TlsMaterial | undefined;
  #isFdUsed = false;
  #starting: Promise<void> | undefined;
  #listeners: Listener[] = [];
  #later: LaterSocket | undefined;
  #lastError: Error | undefined;

  constructor(options: TokenReceiverOptions) {
    const { keepRefreshToken = true, nowMs = Date.now, restored, lastGeneration = 0, tokenPattern } = options;
    this.#options = options;
    this.#tls = options.tls;
    this.#newest = new NewestToken({ keepRefreshToken, nowMs, restored, lastGeneration });
    // The flags g and y would make it remember the token before.
    this.#pattern = tokenPattern && new RegExp(tokenPattern.source, tokenPattern.flags.replaceAll(/[gy]/g, ''));
  }

  /**
   * Resolves with the addresses when it listens; again if it does already. Rejects with a SocketBindError or a TlsMaterialError. If it
   * fell back to TCP, `getLastError()` is the SocketBindError that says why; the Unix socket is tried again until it can be opened, and
   * TCP goes on beside it.
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
    await this.#later?.stop();
    this.#later = undefined;
    await Promise.all(this.#listeners.splice(0).map((listener) => listener.close()));
  }

  isRunning(): boolean {
    return this.#listeners.length > 0;
  }

  /** The newest token, expired or not. */
  getLatestToken(): HeldToken | undefined {
    return this.#newest.held;
  }

  /** How many tokens were accepted, repeats not counted; the generation of the latest one. */
  getTokenCount(): number {
    return this.#newest.count;
  }

  /** The last thing that went wrong: a SocketBindError, a TlsMaterialError or a TokenReceiverError. */
  getLastError(): Error | undefined {
    return this.#lastError;
  }

  /** Where it listens; empty while it does not. */
  addresses(): TokenAddress[] {
    return this.#listeners.map((listener) => listener.address);
  }

  /**
   * Called with each new token, its refresh token included, right after its `OK`: a callback that takes long keeps the next sender waiting. Returns
   * what takes the callback off.
   */
  onToken(callback: Callback<ReceivedToken>): () => void {
    return this.#tokenCallbacks.add(callback);
  }

  /** Called with each message that was not taken. Returns what takes the callback off. */
  onRejected(callback: Callback<Rejection>): () => void {
    return this.#rejectionCallbacks.add(callback);
  }

  /** Called when the Unix socket was removed by another program, when it can be connected to again, and when it could be opened after a fall back to TCP. Returns what takes the callback off. */
  onSocketNews(callback: Callback<SocketNews>): () => void {
    return this.#newsCallbacks.add(callback);
  }

  /** Called with each one who may not deliver over TLS. Returns what takes the callback off. */
  onPeerRefused(callback: Callback<PeerRefusal>): () => void {
    return this.#refusalCallbacks.add(callback);
  }

  /**
   * Uses new certificates, and the names in `clients`, for the connections that come from now on. Throws a TlsMaterialError, and then
   * the old ones stay: `unusable`, or `not_configured` if it was made without `tls`.
   */
  reloadTls(material: TlsMaterial): void {
    if (this.#tls === undefined) {
      throw new TlsMaterialError('not_configured', 'This receiver was started without TLS. Restart it to use TLS.');
    }
    for (const listener of this.#listeners) listener.reloadTls?.(material);
    this.#tls = material;
  }

  async #listen(): Promise<void> {
    const options = this.#options;
    if (options.unixSocketFd !== undefined && this.#isFdUsed) {
      throw new SocketBindError(
        'bad_descriptor',
        `The inherited socket ${options.unixSocketFd} was closed when this receiver stopped. Start the program again.`,
      );
    }
    this.#isFdUsed = true;
    const { listeners, fellBack } = await openListeners(
      {
        unixSocketPath: options.unixSocketPath,
        unixSocketFd: options.unixSocketFd,
        tcpHost: options.tcpHost ?? '127.0.0.1',
        tcpPort: options.tcpPort,
        tls: this.#tls,
        preferUnixSocket: options.preferUnixSocket ?? true,
        listenBacklog: options.listenBacklog ?? 128,
        socketMode: options.socketMode ?? 0o660,
        socketGroupId: options.socketGroupId,
        remakeFolder: options.remakeFolder,
        onTick: options.onTick,
        limits: {
          maxBytes: options.maxTokenSize ?? DEFAULT_MAX_TOKEN_SIZE,
          timeoutMs: options.receiveTimeoutMs ?? 5000,
          maxConnections: options.maxConnections ?? 256,
          monotonicMs: options.monotonicMs ?? (() => performance.now()),
        },
      },
      {
        decide: (verdict, source) => this.#decide(verdict, source),
        onPeerRefused: (refusal) => this.#refuse(refusal),
        onSocketNews: (news) => this.#tellSocketNews(news),
        onError: (error) => this.#note('listener_failed', `A connection was not accepted: ${error.message}`),
      },
    );
    this.#listeners = listeners;
    if (fellBack === undefined) return;
    this.#lastError = fellBack.error;
    this.#later = new LaterSocket(fellBack.openLater, {
      onTick: options.onTick,
      onOpened: (listener) => {
        this.#listeners.unshift(listener);
        this.#tellSocketNews({ kind: 'opened' });
      },
    });
  }

  #decide(verdict: Verdict, source: Source): Reply {
    switch (verdict.status) {
      case 'complete':
        return this.#take(verdict, source);
      case 'rejected':
        return this.#reject({ code: verdict.code, detail: verdict.detail, ...source });
      case 'lost':
        return this.#reject({ code: 'connection_lost', detail: verdict.detail, ...source });
    }
  }

  #take({ message, expiryNotation }: Extract<Verdict, { status: 'complete' }>, source: Source): Reply {
    if (this.#pattern?.test(message.accessToken) === false) {
      return this.#reject({
        code: 'bad_token',
        detail: 'the access token does not match the pattern that is set',
        ...source,
      });
    }
    const held = this.#newest.take(message, source);
    if (held !== undefined && !this.#tokenCallbacks.isEmpty) {
      this.#tokenCallbacks.announce(Object.freeze({ ...held, message: Object.freeze(message), expiryNotation }));
    }
    return { kind: 'ok' };
  }

  #reject(rejection: Rejection): Reply {
    const text = `A message over ${rejection.from} was not taken (${rejection.code}): ${rejection.detail}`;
    this.#lastError = new TokenReceiverError('message_rejected', text, rejection);
    this.#rejectionCallbacks.announce(rejection);
    return { kind: 'error', code: rejection.code };
  }

  #refuse(refusal: PeerRefusal): void {
    const { address, name, reason } = refusal;
    this.#note(
      'peer_refused',
      `${name === undefined ? address : `${name}@${address}`} may not deliver over TLS: ${reason}.`,
    );
    this.#refusalCallbacks.announce(refusal);
  }

  #tellSocketNews(news: SocketNews): void {
    if (news.kind === 'lost') this.#lastError = news.error;
    this.#newsCallbacks.announce(news);
  }

  #noteCallbackFailure(error: unknown): void {
    const name = error instanceof Error ? error.name : typeof error;
    this.#note('callback_failed', `A callback of the token receiver failed (${name}).`);
  }

  #note(code: TokenReceiverErrorCode, message: string): void {
    this.#lastError = new TokenReceiverError(code, message);
  }
}
