/** All targets of the sender. Each has its own mailbox and loop, so that none can delay another. */
import type { TokenMessage } from '@token-relay/protocol';
import { Target, type TargetConfig, type TargetDependencies, type TargetState } from './target.ts';

export interface TargetReport {
  readonly config: TargetConfig;
  readonly state: TargetState;
  /** tokens delivered since the start */
  readonly deliveries: number;
  /** attempts that failed since the start */
  readonly failures: number;
}

export class Targets {
  #targets: readonly Target[];
  readonly #dependencies: TargetDependencies;
  #newest: TokenMessage | undefined;

  constructor(configs: readonly TargetConfig[], dependencies: TargetDependencies) {
    this.#dependencies = dependencies;
    this.#targets = configs.map((config) => new Target(config, dependencies));
  }

  publish(message: TokenMessage): void {
    this.#newest = message;
    for (const target of this.#targets) target.publish(message);
  }

  report(): readonly TargetReport[] {
    return this.#targets.map(({ config, state, totals }) => ({ config, state, ...totals }));
  }

  /** Resolves when every target has had one attempt at the newest token. */
  async tried(): Promise<void> {
    await Promise.all(this.#targets.map((target) => target.tried()));
  }

  /** Resolves when every target has the newest token or has used up its attempts in a row. */
  async settled(): Promise<void> {
    await Promise.all(this.#targets.map((target) => target.settled()));
  }

  /**
   * After a reload: targets that stayed the same go on undisturbed, or try again at once if they were in trouble; new ones
   * get the present token.
   */
  async replace(configs: readonly TargetConfig[]): Promise<void> {
    const before = new Map(this.#targets.map((target) => [JSON.stringify(target.config), target]));
    const kept = configs.map((config) => before.get(JSON.stringify(config)));
    const gone = this.#targets.filter((target) => !kept.includes(target));
    await Promise.all(gone.map((target) => target.close()));
    this.#targets = configs.map((config, index) => {
      const same = kept[index];
      if (same !== undefined) {
        same.tryAgain();
        return same;
      }
      const added = new Target(config, this.#dependencies);
      if (this.#newest !== undefined) added.publish(this.#newest);
      return added;
    });
  }

  async close(): Promise<void> {
    await Promise.all(this.#targets.map((target) => target.close()));
  }
}
