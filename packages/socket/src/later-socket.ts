import type { Listener } from './listeners.ts';
import { onOwnTick, type OnTick } from './socket-keeper.ts';

export type LaterSocketOptions = {
  readonly onOpened: (listener: Listener) => void;
  readonly onTick: OnTick | undefined;
};

/** A socket that could not be opened: tried again with each tick, until it can be. Its folder may be full, closed or missing for a while. */
export class LaterSocket {
  readonly #open: () => Promise<Listener>;
  readonly #options: LaterSocketOptions;
  readonly #done = new AbortController();
  #trying: Promise<void> | undefined;

  constructor(open: () => Promise<Listener>, options: LaterSocketOptions) {
    this.#open = open;
    this.#options = options;
    const { onTick = onOwnTick } = options;
    onTick(() => this.#try(), this.#done.signal);
  }

  /** Resolves when nothing is under way any more; a socket that was opened meanwhile has been handed over. */
  async stop(): Promise<void> {
    this.#done.abort();
    await this.#trying;
  }

  #try(): void {
    this.#trying ??= this.#tryOnce().finally(() => {
      this.#trying = undefined;
    });
  }

  async #tryOnce(): Promise<void> {
    // Why it cannot be opened was told at the start.
    const listener = await this.#open().catch(() => undefined);
    if (listener === undefined) return;
    this.#done.abort();
    this.#options.onOpened(listener);
  }
}
