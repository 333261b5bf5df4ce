/** Time that passes only when nothing is left to do, so that an hour takes as long as what happens in it. */

interface Timer {
  readonly atMs: number;
  readonly order: number;
  readonly ring: () => void;
}

export class VirtualClock {
  #nowMs = 0;
  #order = 0;
  /** The next one last. */
  readonly #timers: Timer[] = [];

  readonly nowMs = (): number => this.#nowMs;

  /** @returns what forgets it */
  after(ms: number, ring: () => void): () => void {
    const timer: Timer = { atMs: this.#nowMs + Math.max(0, ms), order: this.#order++, ring };
    const at = this.#timers.findLastIndex((other) => other.atMs > timer.atMs) + 1;
    this.#timers.splice(at, 0, timer);
    return () => {
      const found = this.#timers.indexOf(timer);
      if (found >= 0) this.#timers.splice(found, 1);
    };
  }

  sleep(ms: number): Promise<void> {
    return new Promise((resolve) => this.after(ms, resolve));
  }

  /** As {@link sleep}, or until the signal aborts. */
  sleepOr(ms: number, signal: AbortSignal): Promise<void> {
    if (signal.aborted) return Promise.resolve();
    return new Promise((resolve) => {
      const forget = this.after(ms, resolve);
      signal.addEventListener('abort', () => {
        forget();
        resolve();
      });
    });
  }

  /** Rings one timer after another until then; `afterEach` is called when all that follows from one is done. */
  async runUntil(untilMs: number, afterEach: () => void): Promise<void> {
    await settle();
    for (let next = this.#timers.at(-1); next !== undefined && next.atMs <= untilMs; next = this.#timers.at(-1)) {
      this.#timers.pop();
      this.#nowMs = next.atMs;
      next.ring();
      await settle();
      afterEach();
    }
    this.#nowMs = untilMs;
  }
}

/** Nothing here waits for the outside, so all is done when the promises have nothing more to do. */
function settle(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}
