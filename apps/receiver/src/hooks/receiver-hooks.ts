/** What runs when a token comes, when it grows stale, and when it is fresh again. */
import {
  HookRunner,
  type HookDetails,
  type Hooks,
  type HookRunnerOptions,
  type HookVariables,
  type Log,
  type ShownInstead,
} from '@token-relay/daemon';
import type { HeldToken } from '@token-relay/socket';
import { fingerprint } from '@token-relay/tokens';
import type { TokenHolding } from '../holding/held.ts';

export const RECEIVER_HOOK_EVENTS = ['token', 'stale', 'recovered'] as const;
export type ReceiverHookEvent = (typeof RECEIVER_HOOK_EVENTS)[number];

export interface HookCounts {
  /** how often a command was run to its end, or to its deadline */
  readonly runs: number;
  /** of those, how many failed, ran into the deadline or could not be started */
  readonly failures: number;
}

export interface ReceiverHooksOptions {
  readonly hooks: Hooks<ReceiverHookEvent>;
  readonly holding: Pick<TokenHolding, 'latest' | 'onToken' | 'onFreshness'>;
  /** the state of the token in a sentence, for `stale` */
  readonly words: () => string;
  readonly log: Log;
  readonly host: Pick<HookRunnerOptions<ReceiverHookEvent>, 'environment' | 'kill'>;
  /** a net under the log: what is named here never appears in it */
  readonly hideSecret: (secret: string, as: ShownInstead) => void;
}

/**
 * - `token`: the bare access token on standard input, with no newline: `token=$(cat)`
 * - `stale`, `recovered`: a sentence on standard input, for whom it may concern
 *
 * The environment has `TOKEN_RELAY_EVENT`, and of the held token `TOKEN_RELAY_GENERATION` and
 * `TOKEN_RELAY_EXPIRES_AT` (whole seconds since 1970; absent if unknown); never the token.
 */
export class ReceiverHooks {
  readonly #options: ReceiverHooksOptions;
  readonly #endListening: readonly (() => void)[];
  readonly #counts: Record<ReceiverHookEvent, { runs: number; failures: number }> = {
    token: { runs: 0, failures: 0 },
    stale: { runs: 0, failures: 0 },
    recovered: { runs: 0, failures: 0 },
  };
  readonly #runners = new Set<HookRunner<ReceiverHookEvent>>();
  #hooks: Hooks<ReceiverHookEvent>;
  #runner: HookRunner<ReceiverHookEvent>;
  #newToken: HeldToken | undefined;

  constructor(options: ReceiverHooksOptions) {
    const { hooks, holding } = options;
    this.#options = options;
    this.#hooks = hooks;
    this.#runner = this.#open(hooks);
    this.#endListening = [
      holding.onToken((held) => this.#tokenCame(held)),
      holding.onFreshness((change) => this.#freshnessChanged(change)),
    ];
  }

  /** Since the start, over all replacements. */
  report(): Readonly<Record<ReceiverHookEvent, HookCounts>> {
    const { token, stale, recovered } = this.#counts;
    return { token: { ...token }, stale: { ...stale }, recovered: { ...recovered } };
  }

  /** From now on these are run. What runs is not interrupted, and what it is still to be told it is told. */
  replace(hooks: Hooks<ReceiverHookEvent>): void {
    if (JSON.stringify([...hooks]) === JSON.stringify([...this.#hooks])) return;
    const before = this.#runner;
    this.#hooks = hooks;
    this.#runner = this.#open(hooks);
    void before.settled().then(() => this.#runners.delete(before));
  }

  /** Resolves when every command that was started has ended; each has its deadline. */
  async settled(): Promise<void> {
    await Promise.all([...this.#runners].map((runner) => runner.settled()));
  }

  /** Ends what runs, and resolves within about three seconds. */
  async close(): Promise<void> {
    for (const end of this.#endListening) end();
    this.#newToken = undefined;
    await Promise.all([...this.#runners].map((runner) => runner.close()));
  }

  #open(hooks: Hooks<ReceiverHookEvent>): HookRunner<ReceiverHookEvent> {
    const { log, host } = this.#options;
    const runner = new HookRunner<ReceiverHookEvent>({
      hooks,
      log,
      ...host,
      // A hook may write the token in any form, and no filter knows them all.
      isOutputSecret: true,
      onEnd: (event, end) => {
        if (end.kind === 'stopped') return;
        this.#counts[event].runs += 1;
        if (end.kind !== 'exited' || end.exitCode !== 0) this.#counts[event].failures += 1;
      },
    });
    this.#runners.add(runner);
    return runner;
  }

  /** Once for all that come in one turn of the event loop: only the newest would be told of them anyway. */
  #tokenCame(held: HeldToken): void {
    if (!this.#hooks.has('token')) return;
    const isFirst = this.#newToken === undefined;
    this.#newToken = held;
    if (isFirst) setImmediate(() => this.#fireToken());
  }

  #fireToken(): void {
    const held = this.#newToken;
    this.#newToken = undefined;
    if (held !== undefined) this.#fire('token', held, held.message.accessToken);
  }

  #freshnessChanged(change: 'stale' | 'recovered'): void {
    if (this.#hooks.has(change)) this.#fire(change, this.#options.holding.latest(), `${this.#options.words()}\n`);
  }

  #fire(event: ReceiverHookEvent, held: HeldToken | undefined, stdin: string): void {
    if (held !== undefined) {
      const { accessToken } = held.message;
      // What a hook writes may come into the log, and it may write the token, from wherever it has it.
      this.#options.hideSecret(accessToken, () => `(token ${fingerprint(accessToken)})`);
    }
    const details: HookDetails = { stdin, environment: variables(held) };
    this.#runner.fire(event, details);
  }
}

function variables(held: HeldToken | undefined): HookVariables {
  if (held === undefined) return {};
  const { expiresAtMs } = held.message;
  return {
    TOKEN_RELAY_GENERATION: String(held.generation),
    ...(expiresAtMs === undefined ? {} : { TOKEN_RELAY_EXPIRES_AT: String(Math.floor(expiresAtMs / 1_000)) }),
  };
}
