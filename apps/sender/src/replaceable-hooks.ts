/** The hooks of the settings, which a reload may replace without ending what runs. */
import type { HookDetails, HookRunner, Hooks } from '@token-relay/daemon';
import { isDeepStrictEqual } from 'node:util';

type Runner<E extends string> = Pick<HookRunner<E>, 'fire' | 'settled' | 'close'>;

export class ReplaceableHooks<E extends string> {
  readonly #runnerOf: (hooks: Hooks<E>) => Runner<E>;
  readonly #ending = new Set<Runner<E>>();
  #hooks: Hooks<E>;
  #runner: Runner<E>;

  constructor(hooks: Hooks<E>, runnerOf: (hooks: Hooks<E>) => Runner<E>) {
    this.#hooks = hooks;
    this.#runnerOf = runnerOf;
    this.#runner = runnerOf(hooks);
  }

  fire(event: E, details?: HookDetails): void {
    this.#runner.fire(event, details);
  }

  /** From now on, these are run. A mail that is being sent is not cut off: each hook has its deadline. */
  replace(hooks: Hooks<E>): void {
    if (isDeepStrictEqual(hooks, this.#hooks)) return;
    const before = this.#runner;
    this.#hooks = hooks;
    this.#runner = this.#runnerOf(hooks);
    this.#ending.add(before);
    void before.settled().then(() => this.#ending.delete(before));
  }

  /** Resolves when the hooks that were run have ended. */
  async settled(): Promise<void> {
    await Promise.all(this.#all().map((runner) => runner.settled()));
  }

  /** Ends what runs, within about 3 seconds. */
  async close(): Promise<void> {
    await Promise.all(this.#all().map((runner) => runner.close()));
  }

  #all(): readonly Runner<E>[] {
    return [this.#runner, ...this.#ending];
  }
}
