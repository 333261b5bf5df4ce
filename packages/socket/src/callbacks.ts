/** Called with each value. What it returns is not used, but a promise that rejects is noticed. */
export type Callback<T> = (value: T) => unknown;

/** Callbacks that cannot hurt their caller or each other, whether they throw, reject or never finish. */
export class Callbacks<T> {
  readonly #entries = new Set<{ callback: Callback<T> }>();
  readonly #onFailure: (error: unknown) => void;

  constructor(onFailure: (error: unknown) => void) {
    this.#onFailure = onFailure;
  }

  /** Returns what takes the callback off again. */
  add(callback: Callback<T>): () => void {
    const entry = { callback };
    this.#entries.add(entry);
    return () => {
      this.#entries.delete(entry);
    };
  }

  /** Calls them all soon, in the order in which they were added, and never before this returns. */
  announce(value: T): void {
    if (this.#entries.size === 0) return;
    setImmediate(() => {
      for (const { callback } of [...this.#entries]) call(callback, value).catch(this.#onFailure);
    });
  }
}

async function call<T>(callback: Callback<T>, value: T): Promise<void> {
  await callback(value);
}
