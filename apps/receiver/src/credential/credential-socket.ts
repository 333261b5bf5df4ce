/** The socket for systemd's `LoadCredential=NAME:/path/credential.sock`: whoever connects gets the bare access token. */
import { LineBudget, logSocketNews, onTick, type Log } from '@token-relay/daemon';
import {
  bindUnixSocket,
  serveInheritedSocket,
  SocketKeeper,
  type HeldToken,
  type UnixSocketClaim,
} from '@token-relay/socket';
import { createServer, type Server, type Socket } from 'node:net';
import type { TokenHolding } from '../holding/held.ts';
import { AnsweredReaders } from './answered-readers.ts';
import { refuseCredential } from './refuse-credential.ts';

/** Its owner and root, which is systemd. */
const MODE = 0o600;
/**
 * Units that may wait for a token at the same time. For one more, the one that has waited longest is refused: some of those
 * that wait have gone away, which nobody is told of while they are sent nothing. Never closed without a word: an end of file
 * would start the unit with an empty credential.
 */
const MAX_WAITING = 64;
/** That have been given the token: all of it is with the system by then, so the first can be closed for one more. */
const MAX_SERVED = 64;
/**
 * That are being refused. One that is closed half-way may take the half for a credential, so these are far more than units that
 * start at the same time.
 */
const MAX_REFUSED = 512;
/** For a reader to take its answer and to close, when the receiver stops. Shorter, and a slow machine could take half a refusal for a credential. */
const LAST_READ_DEADLINE_MS = 5_000;

export interface CredentialSocketOptions {
  /** at most 107 bytes */
  readonly path: string;
  /** the descriptor of the socket, if it listens at the path already: then it is left there */
  readonly fd?: number | undefined;
  /** how long a unit that starts waits for a valid token before it fails */
  readonly waitMs: number;
  readonly holding: Pick<TokenHolding, 'latest' | 'freshness' | 'onToken'>;
  readonly log: Log;
  /** makes the folder again, if it is this program's to make */
  readonly remakeFolder?: ((folder: string) => void) | undefined;
}

export interface CredentialReport {
  /** how often a token was handed out */
  readonly served: number;
  /** how often there was none, and the unit was made to fail */
  readonly failed: number;
  /** how many wait just now */
  readonly waiting: number;
}

export class CredentialSocket {
  readonly #options: CredentialSocketOptions;
  readonly #server: Server;
  readonly #connections = new Set<Socket>();
  readonly #waiting = new Map<Socket, NodeJS.Timeout>();
  readonly #servedReaders = new AnsweredReaders(MAX_SERVED);
  readonly #refusedReaders = new AnsweredReaders(MAX_REFUSED);
  readonly #endListening: () => void;
  readonly #servedLines = new LineBudget(performance.now());
  readonly #failedLines = new LineBudget(performance.now());
  #claim: UnixSocketClaim | undefined;
  #keeper: SocketKeeper | undefined;
  #served = 0;
  #failed = 0;

  constructor(options: CredentialSocketOptions) {
    this.#options = options;
    // Half-open, because systemd closes its side before it reads.
    this.#server = createServer({ allowHalfOpen: true }, (socket) => this.#accept(socket));
    this.#endListening = options.holding.onToken(() => this.#tokenCame());
  }

  /** Resolves when it listens; rejects with a SocketBindError. */
  async start(): Promise<void> {
    const { path, fd, log, remakeFolder } = this.#options;
    this.#claim =
      fd === undefined
        ? await bindUnixSocket(this.#server, path, { mode: MODE })
        : await serveInheritedSocket(this.#server, fd, path);
    this.#keeper = new SocketKeeper(this.#claim, { onNews: logSocketNews(log, path), remakeFolder, onTick });
    this.#server.on('error', (error) => log.warn(`A connection to ${path} was not accepted: ${error.message}`));
  }

  /** Removes the socket, if it is its own, and makes the units that wait fail: an end of file alone would start them without a token. */
  async stop(): Promise<void> {
    this.#endListening();
    await this.#keeper?.stop();
    this.#claim?.release();
    const closed = new Promise((resolve) => this.#server.close(resolve));
    for (const socket of [...this.#waiting.keys()]) void this.#refuse(socket, 'the receiver stops');
    const deadline = setTimeout(() => this.#destroyAll(), LAST_READ_DEADLINE_MS);
    await closed;
    clearTimeout(deadline);
  }

  report(): CredentialReport {
    return { served: this.#served, failed: this.#failed, waiting: this.#waiting.size };
  }

  #accept(socket: Socket): void {
    // The connection is over, and its `close` event follows.
    socket.on('error', () => undefined);
    this.#connections.add(socket);
    socket.on('close', () => {
      this.#connections.delete(socket);
      this.#endWait(socket);
    });
    // What it says is of no interest, and unread it would turn our close into a reset.
    socket.resume();
    const held = this.#validToken();
    if (held !== undefined) void this.#serve(socket, held);
    else this.#wait(socket);
  }

  #wait(socket: Socket): void {
    const { waitMs } = this.#options;
    const [longest] = this.#waiting.keys();
    if (longest !== undefined && this.#waiting.size >= MAX_WAITING) {
      void this.#refuse(longest, `${MAX_WAITING} that came later wait for one too`);
    }
    const deadline = setTimeout(() => void this.#refuse(socket, `none came within ${waitMs / 1_000} s`), waitMs);
    this.#waiting.set(socket, deadline);
  }

  #endWait(socket: Socket): void {
    clearTimeout(this.#waiting.get(socket));
    this.#waiting.delete(socket);
  }

  #tokenCame(): void {
    if (this.#waiting.size === 0) return;
    const held = this.#validToken();
    if (held === undefined) return;
    for (const socket of [...this.#waiting.keys()]) void this.#serve(socket, held);
  }

  #validToken(): HeldToken | undefined {
    const { holding } = this.#options;
    const { kind } = holding.freshness();
    return kind === 'fresh' || kind === 'stale' ? holding.latest() : undefined;
  }

  async #serve(socket: Socket, { message, generation }: HeldToken): Promise<void> {
    this.#endWait(socket);
    this.#servedReaders.add(socket);
    const isTaken = await new Promise<boolean>((resolve) => {
      socket.end(message.accessToken, (error?: Error | null) => resolve(!error));
    });
    if (!isTaken) return;
    this.#served += 1;
    const { path, log } = this.#options;
    const skipped = this.#servedLines.take(performance.now());
    if (skipped === undefined) return;
    log.info(`Token handed out as a credential over ${path} (generation ${generation}${others(skipped)})`, {
      generation,
    });
  }

  async #refuse(socket: Socket, why: string): Promise<void> {
    this.#endWait(socket);
    this.#refusedReaders.add(socket);
    const isTaken = await refuseCredential(socket);
    if (!isTaken) return;
    this.#failed += 1;
    const { path, log } = this.#options;
    const skipped = this.#failedLines.take(performance.now());
    if (skipped === undefined) return;
    log.warn(
      `A unit asked for a credential over ${path}, and there is no valid token: ${why}${others(skipped)}. It was made to fail (status=243/CREDENTIALS). See: token-refresh-sender status`,
    );
  }

  #destroyAll(): void {
    for (const socket of this.#connections) socket.destroy();
  }
}

function others(skipped: number): string {
  return skipped === 0 ? '' : `; ${skipped} more since the last line`;
}
