import { LineBudget, type Log } from '@token-relay/daemon';

/** Listeners that are called at once, in the order in which they were added, and cannot hurt each other by throwing. */
export class Listeners<T> {
  readonly #entries = new Set<{ listener: (value: T) => void }>();
  readonly #what: string;
  readonly #log: Log;
  readonly #budget = new LineBudget(0);

  /** @param what they listen to, for the log */
  constructor(what: string, log: Log) {
    this.#what = what;
    this.#log = log;
  }

  /** Returns what takes the listener off again. */
  add(listener: (value: T) => void): () => void {
    const entry = { listener };
    this.#entries.add(entry);
    return () => {
      this.#entries.delete(entry);
    };
  }

  tell(value: T): void {
    for (const { listener } of this.#entries) {
      try {
        listener(value);
      } catch (error) {
        // Its message may repeat the token that it was called with.
        const name = error instanceof Error ? error.name : typeof error;
        if (this.#budget.take(performance.now()) !== undefined) {
          this.#log.error(`A listener for ${this.#what} failed (${name}); the others are told all the same`);
        }
      }
    }
  }
}
