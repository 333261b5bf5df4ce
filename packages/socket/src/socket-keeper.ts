import { watch, type FSWatcher } from 'node:fs';
import { basename, dirname } from 'node:path';
import { SocketBindError } from './bind-error.ts';
import type { UnixSocketClaim } from './unix-socket.ts';

/** How often to look in any case, of itself. */
const POLL_MS = 30_000;
/** How soon a path is tried again whose folder is missing or closed. */
const RETRY_MS = 2_000;
/** These are for others to end, and a look at a program's socket is a connection to it. */
const IN_OTHER_HANDS: readonly string[] = ['socket_in_use', 'not_a_socket', 'not_ours'];

/**
 * `lost`: nobody can connect any more, for this reason; tried again until it can be made. `restored`: they can again.
 * `opened`: they can now, to one that could not be opened at the start.
 */
export type SocketNews =
  { readonly kind: 'lost'; readonly error: SocketBindError } | { readonly kind: 'restored' | 'opened' };

export type SocketKeeperOptions = {
  readonly onNews: (news: SocketNews) => void;
  /** Called before each try to make the socket again, with its folder, which may be gone. What it throws shows in the try. */
  readonly remakeFolder?: ((folder: string) => void) | undefined;
  readonly onTick?: OnTick | undefined;
};

/**
 * Calls the listener now and then until the signal aborts: it looks for what a watch cannot see, and tries again a path that another program
 * has taken. For a process that has one timer for all such looks; default: a timer of its own, every 30 s.
 */
export type OnTick = (listener: () => void, signal: AbortSignal) => void;

/**
 * Keeps a socket at its path: one that another program removes, its folder included, is made again, and so needs no
 * restart. It watches the folder, and looks with each tick as well. One `lost` for an outage, and one `restored` at its end;
 * none, if the socket could be made again at once, but `restored`.
 */
export class SocketKeeper {
  readonly #claim: UnixSocketClaim;
  readonly #options: SocketKeeperOptions;
  readonly #stopping = new AbortController();
  #watcher: FSWatcher | undefined;
  #retry: NodeJS.Timeout | undefined;
  #looking: Promise<void> | undefined;
  #isLookDue = false;
  #isLost = false;

  constructor(claim: UnixSocketClaim, options: SocketKeeperOptions) {
    this.#claim = claim;
    this.#options = options;
    const { onTick = onOwnTick } = options;
    onTick(() => this.#look(), this.#stopping.signal);
    this.#look();
  }

  /** Resolves when nothing is under way any more; call it before the claim's `release`. */
  async stop(): Promise<void> {
    this.#stopping.abort();
    clearTimeout(this.#retry);
    this.#unwatch();
    await this.#looking;
  }

  #look(): void {
    if (this.#stopping.signal.aborted) return;
    if (this.#looking !== undefined) {
      this.#isLookDue = true;
      return;
    }
    clearTimeout(this.#retry);
    this.#isLookDue = false;
    this.#looking = this.#lookOnce().then((next) => {
      this.#looking = undefined;
      if (this.#stopping.signal.aborted) return;
      // Once more after a watch has begun: what happened before that, it has not seen.
      const isNewWatch = this.#watcher === undefined && this.#watch();
      if (this.#isLookDue || isNewWatch) this.#look();
      else if (next === 'soon') this.#retry = setTimeout(() => this.#look(), RETRY_MS).unref();
    });
  }

  /** Resolves with when to look again; never rejects. */
  async #lookOnce(): Promise<'soon' | 'with the tick'> {
    if (this.#claim.isInPlace()) {
      if (this.#isLost) this.#tell({ kind: 'restored' });
      return 'with the tick';
    }
    try {
      this.#remakeFolder();
      await this.#claim.restore();
    } catch (cause) {
      const error = asBindError(cause, this.#claim.path);
      if (!this.#isLost) this.#tell({ kind: 'lost', error });
      return IN_OTHER_HANDS.includes(error.code) ? 'with the tick' : 'soon';
    }
    // The folder may be another one of the same name.
    this.#unwatch();
    this.#tell({ kind: 'restored' });
    return 'with the tick';
  }

  #remakeFolder(): void {
    try {
      this.#options.remakeFolder?.(dirname(this.#claim.path));
    } catch {
      // Then the folder is still missing, and that is what is told.
    }
  }

  #tell(news: SocketNews): void {
    this.#isLost = news.kind === 'lost';
    this.#options.onNews(news);
  }

  /** Whether it can be watched; if not, as when there is no folder, the poll has to do. */
  #watch(): boolean {
    const { path } = this.#claim;
    const names = [null, basename(path), basename(dirname(path))];
    try {
      this.#watcher = watch(dirname(path), { persistent: false }, (_event, name) => {
        if (names.includes(name)) this.#look();
      });
      this.#watcher.on('error', () => this.#unwatch());
      return true;
    } catch {
      return false;
    }
  }

  #unwatch(): void {
    this.#watcher?.close();
    this.#watcher = undefined;
  }
}

export function onOwnTick(listener: () => void, signal: AbortSignal): void {
  const timer = setInterval(listener, POLL_MS).unref();
  signal.addEventListener('abort', () => clearInterval(timer), { once: true });
}

/** A fault of ours is told of and tried again like any other: one socket that is lost must not end the process that has others. */
function asBindError(error: unknown, path: string): SocketBindError {
  if (error instanceof SocketBindError) return error;
  const why = error instanceof Error ? error.message : String(error);
  return new SocketBindError('bind_failed', `The socket ${path} could not be made again: ${why}`);
}
