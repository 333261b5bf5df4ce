import { nextTick } from 'node:process';

/** Called with each value. What it returns is not used, but a promise that rejects is noticed. */
export type Callback<T> = (value: T) => unknown;

/** Callbacks that cannot hurt their caller or each other, whether they throw, reject or never finish. */
export class Callbacks<T> {
  readonly #onFailure: (error: unknown) => void;
  /** Replaced, never changed: one that is being gone through stays as it is. */
  #entries: readonly { callback: Callback<T>; isOff: boolean }[] = [];
  #pending: T[] = [];

  constructor(onFailure: (error: unknown) => void) {
    this.#onFailure = onFailure;
  }

  /** Whether there is anybody to announce anything to. */
  get isEmpty(): boolean {
    return this.#entries.length === 0;
  }

  /** Returns what takes the callback off again. */
  add(callback: Callback<T>): () => void {
    const entry = { callback, isOff: false };
    this.#entries = [...this.#entries, entry];
    return () => {
      entry.isOff = true;
      this.#entries = this.#entries.filter((other) => other !== entry);
    };
  }

  /**
   * Calls them all soon, in the order in which they were added, and never before this returns: before the next event, since immediates for
   * each message would cost a tenth of what a message costs.
   */
  announce(value: T): void {
    if (this.isEmpty) return;
    this.#pending.push(value);
    if (this.#pending.length === 1) nextTick(() => this.#callAll());
  }

  #callAll(): void {
    const values = this.#pending;
    this.#pending = [];
    for (const value of values) {
      for (const entry of this.#entries) {
        if (!entry.isOff) this.#call(entry.callback, value);
      }
    }
  }

  #call(callback: Callback<T>, value: T): void {
    try {
      const result = callback(value);
      if (result instanceof Object && 'then' in result) Promise.resolve(result).catch(this.#onFailure);
    } catch (error) {
      this.#onFailure(error);
    }
  }
}
