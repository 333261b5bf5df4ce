import { watch, type FSWatcher } from 'node:fs';
import { basename, dirname } from 'node:path';
import { SocketBindError } from './bind-error.ts';
import type { UnixSocketClaim } from './unix-socket.ts';

/** How often to look in any case: for what a watch cannot see, and to try again a path that another program has taken. */
const POLL_MS = 30_000;
/** How soon a path is tried again whose folder is missing or closed. */
const RETRY_MS = 2_000;
/** These are for others to end, and a look at a program's socket is a connection to it. */
const IN_OTHER_HANDS: readonly string[] = ['socket_in_use', 'not_a_socket', 'not_ours'];

/** `lost`: nobody can connect any more, for this reason; tried again until it can be made. `restored`: they can again. */
export type SocketNews = { readonly kind: 'lost'; readonly error: SocketBindError } | { readonly kind: 'restored' };

export type SocketKeeperOptions = {
  readonly onNews: (news: SocketNews) => void;
  /** Called before each try to make the socket again, with its folder, which may be gone. What it throws shows in the try. */
  readonly remakeFolder?: ((folder: string) => void) | undefined;
};

/**
 * Keeps a socket at its path: one that another program removes, its folder included, is made again, and so needs no
 * restart. It watches the folder, and looks every 30 s as well. One `lost` for an outage, and one `restored` at its end;
 * none, if the socket could be made again at once, but `restored`.
 */
export class SocketKeeper {
  readonly #claim: UnixSocketClaim;
  readonly #options: SocketKeeperOptions;
  #watcher: FSWatcher | undefined;
  #timer: NodeJS.Timeout | undefined;
  #looking: Promise<void> | undefined;
  #isLookDue = false;
  #isLost = false;
  #isStopped = false;

  constructor(claim: UnixSocketClaim, options: SocketKeeperOptions) {
    this.#claim = claim;
    this.#options = options;
    this.#look();
  }

  /** Resolves when nothing is under way any more; call it before the claim's `release`. */
  async stop(): Promise<void> {
    this.#isStopped = true;
    clearTimeout(this.#timer);
    this.#unwatch();
    await this.#looking;
  }

  #look(): void {
    if (this.#isStopped) return;
    if (this.#looking !== undefined) {
      this.#isLookDue = true;
      return;
    }
    clearTimeout(this.#timer);
    this.#isLookDue = false;
    this.#looking = this.#lookOnce().then((nextMs) => {
      this.#looking = undefined;
      if (this.#isStopped) return;
      // Once more after a watch has begun: what happened before that, it has not seen.
      const isNewWatch = this.#watcher === undefined && this.#watch();
      if (this.#isLookDue || isNewWatch) this.#look();
      else this.#timer = setTimeout(() => this.#look(), nextMs).unref();
    });
  }

  /** Resolves with when to look again; never rejects. */
  async #lookOnce(): Promise<number> {
    if (this.#claim.isInPlace()) {
      if (this.#isLost) this.#tell({ kind: 'restored' });
      return untilNextPoll();
    }
    try {
      this.#remakeFolder();
      await this.#claim.restore();
    } catch (error) {
      if (!(error instanceof SocketBindError)) throw error;
      if (!this.#isLost) this.#tell({ kind: 'lost', error });
      return IN_OTHER_HANDS.includes(error.code) ? untilNextPoll() : RETRY_MS;
    }
    // The folder may be another one of the same name.
    this.#unwatch();
    this.#tell({ kind: 'restored' });
    return untilNextPoll();
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

/** At the same moments for all sockets of a process, which then wakes up once for them. */
function untilNextPoll(): number {
  return POLL_MS - (performance.now() % POLL_MS);
}
