/** Of each second, no more than this is spent on writing while values keep coming. */
const SHARE = 1 / 100;
/** What may be spent at once: the first writes of a burst need not wait. */
const BURST_MS = 20;
/** However long a write took. */
const LONGEST_WAIT_MS = 1_000;

/** How soon a writer may write again: a token bucket of milliseconds. Pure but for its own account. */
export class WriteBudget {
  #leftMs = BURST_MS;
  #countedAtMs: number;

  /** @param nowMs a clock that nobody can set */
  constructor(nowMs: number) {
    this.#countedAtMs = nowMs;
  }

  /** 0: at once. */
  waitMs(nowMs: number): number {
    this.#refill(nowMs);
    return this.#leftMs > 0 ? 0 : Math.ceil(-this.#leftMs / SHARE) + 1;
  }

  spend(durationMs: number, nowMs: number): void {
    this.#refill(nowMs);
    this.#leftMs = Math.max(this.#leftMs - durationMs, -LONGEST_WAIT_MS * SHARE);
  }

  #refill(nowMs: number): void {
    this.#leftMs = Math.min(BURST_MS, this.#leftMs + (nowMs - this.#countedAtMs) * SHARE);
    this.#countedAtMs = nowMs;
  }
}
