/** How many lines may come in a burst, and how soon one more may follow. */
const BURST = 20;
const REFILL_MS = 1_000;

/**
 * Keeps a writer that sends without end from filling the log: a token bucket for lines. Pure but for its own count.
 */
export class LineBudget {
  #lines = BURST;
  #filledAtMs: number;
  #skipped = 0;

  constructor(nowMs: number) {
    this.#filledAtMs = nowMs;
  }

  /** The number of lines skipped before this one, or undefined if this one is to be skipped too. */
  take(nowMs: number): number | undefined {
    const elapsedMs = Math.max(0, nowMs - this.#filledAtMs);
    this.#lines = Math.min(BURST, this.#lines + elapsedMs / REFILL_MS);
    this.#filledAtMs = nowMs;
    if (this.#lines < 1) {
      this.#skipped += 1;
      return undefined;
    }
    this.#lines -= 1;
    const skipped = this.#skipped;
    this.#skipped = 0;
    return skipped;
  }
}
