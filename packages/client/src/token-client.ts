import { env, getuid } from 'node:process';
import type { AccessToken } from './access-token.ts';
import { TokenClientError, type Problem } from './client-error.ts';
import { checkSocketPath, findSocketPath } from './socket-path.ts';
import { TokenCallbacks, type TokenCallback } from './token-callbacks.ts';
import { TokenFollower } from './token-follower.ts';
import { Waiters } from './waiters.ts';

const DEFAULT_WAIT_MS = 30_000;
const DEFAULT_WAIT_FOR_NEWER_MS = 5_000;

export interface TokenClientOptions {
  /** The receiver's api.sock. Where it is looked for if not given: README.md, "Where the receiver is". */
  readonly socketPath?: string;
  /**
   * A token is taken as expired this long before it is; default 0. The sender renews a token 5 minutes before its end, so
   * the last moments of one are only used when renewing fails, and then each of them counts.
   */
  readonly safetyMarginMs?: number;
}

export interface WaitOptions {
  /** 0: do not wait. */
  readonly timeoutMs?: number;
  readonly signal?: AbortSignal;
}

interface Held {
  readonly token: AccessToken;
  readonly usableUntilMs: number;
  /** Made once: a promise for each call would be most of its cost. */
  readonly promise: Promise<string>;
}

/**
 * The present access token, for any number of askers in one program. Follows the receiver from its construction on until
 * `close()`, through restarts of either daemon; an expired token is never handed out. It does not keep the process alive; a call that
 * waits does, for as long as it waits.
 */
export class TokenClient {
  readonly #safetyMarginMs: number;
  readonly #follower: TokenFollower;
  readonly #waiters = new Waiters();
  readonly #callbacks = new TokenCallbacks();
  #held: Held | undefined;
  #closed = false;

  /** Throws a RangeError if `socketPath` cannot be the path of a socket. */
  constructor({ socketPath, safetyMarginMs = 0 }: TokenClientOptions = {}) {
    this.#safetyMarginMs = safetyMarginMs;
    const given = socketPath === undefined ? undefined : checkSocketPath(socketPath);
    if (given?.kind === 'unusable') throw new RangeError(given.problem.message);
    this.#follower = new TokenFollower({
      socketPath: () => given ?? findSocketPath({ env, uid: getuid?.() ?? -1 }),
      onToken: (token) => this.#take(token),
    });
  }

  /**
   * The access token, from memory if there is one that is valid; else the next one that comes, within `timeoutMs` (default 30 s).
   *
   * Rejects with a TokenClientError whose `code` says why there was none, or with the signal's reason.
   */
  getAccessToken(options?: WaitOptions): Promise<string> {
    const held = this.#held;
    if (held !== undefined && Date.now() < held.usableUntilMs && options?.signal?.aborted !== true) return held.promise;
    return this.#waitForAny(options);
  }

  /** What is held now, and is valid now; undefined if there is none. Never waits. */
  currentToken(): AccessToken | undefined {
    const held = this.#held;
    return held !== undefined && Date.now() < held.usableUntilMs ? held.token : undefined;
  }

  /**
   * For a request that was answered with 401: the access token that is held if it is another one than `refused`, else the next that
   * comes within `timeoutMs` (default 5 s). Resolves with undefined if none did, whatever the reason: then the answer stands. Rejects with the
   * signal's reason, and with nothing else but `too_many_waiting`.
   */
  async newerToken(refused: string, options: WaitOptions = {}): Promise<string | undefined> {
    options.signal?.throwIfAborted();
    const accepts = (token: AccessToken): boolean => token.accessToken !== refused;
    const current = this.currentToken();
    if (current !== undefined && accepts(current)) return current.accessToken;
    const token = await this.#wait(accepts, options.timeoutMs ?? DEFAULT_WAIT_FOR_NEWER_MS, options.signal);
    return token?.accessToken;
  }

  /**
   * Calls back soon with the token that is held, if it is valid, and then with each new one. A callback that throws, rejects or hangs
   * hurts nobody; it is named in a process warning. Returns what ends it.
   */
  onToken(callback: TokenCallback): () => void {
    return this.#callbacks.add(callback, this.currentToken());
  }

  /** Forgets the token, ends every wait with `closed`, and resolves when the connection is closed. Can be called again. */
  async close(): Promise<void> {
    this.#closed = true;
    this.#held = undefined;
    this.#callbacks.clear();
    this.#waiters.dismissAll();
    await this.#follower.stop();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  async #waitForAny({ timeoutMs = DEFAULT_WAIT_MS, signal }: WaitOptions = {}): Promise<string> {
    const token = await this.#wait(() => true, timeoutMs, signal);
    if (token === undefined) throw new TokenClientError(this.#whyNone());
    return token.accessToken;
  }

  #wait(
    accepts: (token: AccessToken) => boolean,
    timeoutMs: number,
    signal: AbortSignal | undefined,
  ): Promise<AccessToken | undefined> {
    return this.#closed ? Promise.resolve(undefined) : this.#waiters.wait({ accepts, timeoutMs, signal });
  }

  /** The receiver's word counts, newest first: generations start again when it does, and expiries are not compared. */
  #take(token: AccessToken): void {
    const isNew = token.accessToken !== this.#held?.token.accessToken;
    const usableUntilMs =
      token.expiresAtMs === undefined ? Number.POSITIVE_INFINITY : token.expiresAtMs - this.#safetyMarginMs;
    this.#held = { token, usableUntilMs, promise: Promise.resolve(token.accessToken) };
    if (Date.now() >= usableUntilMs) return;
    this.#waiters.offer(token);
    if (isNew) this.#callbacks.announce(token);
  }

  #whyNone(): Problem {
    if (this.#closed) return { code: 'closed', message: 'This TokenClient is closed.' };
    const { state } = this.#follower;
    switch (state.kind) {
      case 'broken':
        return state.problem;
      case 'connecting':
        return { code: 'timeout', message: 'token-receiver has not answered yet.' };
      case 'following':
        return this.#held === undefined
          ? {
              code: 'token_not_found',
              message: 'token-receiver has no token: no sender has delivered one. Is token-refresh-sender running?',
            }
          : {
              code: 'token_expired',
              message: 'The token has expired, and no newer one came. See: token-refresh-sender status',
            };
    }
  }
}
