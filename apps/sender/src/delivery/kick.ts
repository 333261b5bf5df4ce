/** Calls back after so much running time; returns what forgets it. */
export type After = (ms: number, wakeUp: () => void) => () => void;

/** A wait that can be cut short. A kick that comes while nobody waits ends the next wait at once. */
export class Kick {
  readonly #after: After;
  #kicked = false;
  #wakeUp: (() => void) | undefined;

  constructor(after: After) {
    this.#after = after;
  }

  now(): void {
    this.#kicked = true;
    this.#wakeUp?.();
  }

  /** Resolves with true when kicked, with false after `timeoutMs` (none: waits for the kick alone). */
  async wait(timeoutMs?: number): Promise<boolean> {
    if (!this.#kicked) {
      await new Promise<void>((resolve) => {
        const forget = timeoutMs === undefined ? undefined : this.#after(timeoutMs, resolve);
        this.#wakeUp = () => {
          forget?.();
          resolve();
        };
      });
      this.#wakeUp = undefined;
    }
    const kicked = this.#kicked;
    this.#kicked = false;
    return kicked;
  }
}
