/** A wait that can be cut short. A kick that comes while nobody waits ends the next wait at once. */
export class Kick {
  #kicked = false;
  #wakeUp: (() => void) | undefined;

  now(): void {
    this.#kicked = true;
    this.#wakeUp?.();
  }

  /** Resolves with true when kicked, with false after `timeoutMs` (none: waits for the kick alone). */
  async wait(timeoutMs?: number): Promise<boolean> {
    if (!this.#kicked) {
      await new Promise<void>((resolve) => {
        const timer = timeoutMs === undefined ? undefined : setTimeout(resolve, timeoutMs);
        this.#wakeUp = () => {
          clearTimeout(timer);
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
