/** A clock that stands until a test moves it. Timers count running time; a suspend and the wall clock can be moved beside it. */

export class VirtualClock {
  #runningMs = 0;
  #suspendedMs = 0;
  #wallOffsetMs: number;
  #timers: { readonly atMs: number; readonly ring: () => void }[] = [];
  #pausesInARow = 0;

  constructor(startMs = 1_762_983_055_000) {
    this.#wallOffsetMs = startMs;
  }

  readonly nowMs = (): number => this.bootMs() + this.#wallOffsetMs;

  /** goes on during a suspend */
  readonly bootMs = (): number => this.#runningMs + this.#suspendedMs;

  readonly pause = async (ms: number, signal: AbortSignal): Promise<void> => {
    this.#pausesInARow += 1;
    if (this.#pausesInARow > 100) throw new Error('it spins: 100 pauses, and the clock has not moved');
    if (ms > 0 && !signal.aborted) await this.#timer(ms, signal);
  };

  /** The machine sleeps: no timer counts that time, and both clocks do. */
  suspend(ms: number): void {
    this.#suspendedMs += ms;
  }

  /** Moves the wall clock alone. Negative: back. */
  setWall(byMs: number): void {
    this.#wallOffsetMs += byMs;
  }

  /** Lets time pass, timer after timer; each time, all that follows from a timer is done first. */
  async pass(ms: number): Promise<void> {
    const endMs = this.#runningMs + ms;
    await settle();
    for (;;) {
      const next = this.#timers.reduce((earliest, { atMs }) => Math.min(earliest, atMs), Infinity);
      if (next > endMs) break;
      this.#runningMs = Math.max(this.#runningMs, next);
      this.#pausesInARow = 0;
      for (const timer of this.#timers.splice(0)) {
        if (timer.atMs <= this.#runningMs) timer.ring();
        else this.#timers.push(timer);
      }
      await settle();
    }
    this.#runningMs = endMs;
  }

  #timer(ms: number, signal: AbortSignal): Promise<void> {
    return new Promise((resolve) => {
      const timer = {
        atMs: this.#runningMs + ms,
        ring: () => {
          signal.removeEventListener('abort', timer.ring);
          this.#timers = this.#timers.filter((other) => other !== timer);
          resolve();
        },
      };
      this.#timers.push(timer);
      signal.addEventListener('abort', timer.ring);
    });
  }
}

/** Resolves when nothing is left to do but to wait: promises alone are at work in these tests. */
export async function settle(): Promise<void> {
  for (let round = 0; round < 3; round += 1) await new Promise((resolve) => setImmediate(resolve));
}
