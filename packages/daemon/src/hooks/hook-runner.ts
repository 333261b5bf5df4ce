import type { Log } from '../log.ts';
import { hookEnvironment, type HookVariables } from './hook-environment.ts';
import { HookMailbox } from './hook-mailbox.ts';
import type { HookEnd, Kill } from './hook-process.ts';
import type { Hooks } from './hook-settings.ts';

export interface HookRunnerOptions<E extends string> {
  readonly hooks: Hooks<E>;
  readonly log: Log;
  /** The daemon's own; a hook gets PATH, HOME and LANG of it. */
  readonly environment: Readonly<Record<string, string | undefined>>;
  readonly kill: Kill;
  /** Whether the log says only how much a hook wrote, because it was given a secret; default false. */
  readonly isOutputSecret?: boolean;
  /** Told how each run of a hook ended. */
  readonly onEnd?: (event: E, end: HookEnd) => void;
}

export interface HookDetails {
  /** Never a secret. */
  readonly environment?: HookVariables;
  /** Written to the hook's standard input, which is then closed. */
  readonly stdin?: string;
}

/**
 * Runs commands on events. Whatever a command does, it neither delays nor harms the daemon: each has its deadline, its
 * own process group and a bounded memory, and one that is missing or fails is a WARN.
 */
export class HookRunner<E extends string> {
  readonly #options: HookRunnerOptions<E>;
  readonly #mailboxes: ReadonlyMap<E, readonly HookMailbox[]>;
  readonly #stop = new AbortController();

  constructor(options: HookRunnerOptions<E>) {
    this.#options = options;
    this.#mailboxes = new Map(
      Array.from(options.hooks, ([event, hooks]) => [
        event,
        hooks.map((hook) => new HookMailbox(event, hook, options.log, (end) => options.onEnd?.(event, end))),
      ]),
    );
  }

  /**
   * Runs what is set for the event, and returns at once. A hook that still runs for an earlier one is not interrupted:
   * it runs again when it has ended, for the newest event only. Nothing happens after `close`.
   */
  fire(event: E, { environment = {}, stdin = '' }: HookDetails = {}): void {
    if (this.#stop.signal.aborted) return;
    for (const mailbox of this.#mailboxes.get(event) ?? []) {
      mailbox.put({
        environment: hookEnvironment(this.#options.environment, event, environment),
        stdin,
        isOutputSecret: this.#options.isOutputSecret ?? false,
        stop: this.#stop.signal,
        kill: this.#options.kill,
      });
    }
  }

  /** Resolves when every hook that was fired has ended; each has its deadline. */
  async settled(): Promise<void> {
    await Promise.all([...this.#mailboxes.values()].flat().map((mailbox) => mailbox.settled()));
  }

  /** Ends what runs, forgets what waits. Resolves within about 3 seconds, at once if nothing runs. */
  async close(): Promise<void> {
    this.#stop.abort();
    await this.settled();
  }
}
