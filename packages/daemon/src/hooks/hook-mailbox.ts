import { LineBudget } from '../line-budget.ts';
import type { Log } from '../log.ts';
import { runHook, type HookEnd, type HookRunContext } from './hook-process.ts';
import type { Hook } from './hook-settings.ts';
import { hookLine } from './hook-words.ts';

/** One hook: it runs once at a time, and of what comes meanwhile the newest waits. */
export class HookMailbox {
  readonly #event: string;
  readonly #hook: Hook;
  readonly #log: Log;
  readonly #onEnd: (end: HookEnd) => void;
  /** One that fails at each of many tokens does not fill the log. */
  readonly #budget = new LineBudget(performance.now());
  #running: Promise<void> | undefined;
  #waiting: HookRunContext | undefined;

  constructor(event: string, hook: Hook, log: Log, onEnd: (end: HookEnd) => void) {
    this.#event = event;
    this.#hook = hook;
    this.#log = log;
    this.#onEnd = onEnd;
  }

  put(run: HookRunContext): void {
    if (this.#waiting !== undefined) {
      this.#log.debug(`Hook ${this.#event}: ${this.#hook.command[0]} still runs; what waited for it is out of date`);
    }
    this.#waiting = run;
    this.#running ??= this.#runAll();
  }

  /** Resolves when nothing runs and nothing waits. */
  async settled(): Promise<void> {
    await this.#running;
  }

  async #runAll(): Promise<void> {
    // To have returned before anything can go wrong.
    await Promise.resolve();
    for (let run = this.#take(); run !== undefined; run = this.#take()) {
      try {
        const result = await runHook(this.#hook, run);
        const { level, message } = hookLine(this.#event, this.#hook, result);
        const skipped = level === 'debug' ? 0 : this.#budget.take(performance.now());
        if (skipped === undefined) this.#log.debug(message);
        else this.#log[level](skipped === 0 ? message : `${message} (${skipped} more since the last line)`);
        this.#onEnd(result.end);
      } catch (error) {
        // A fault of ours: a hook is never worth the daemon.
        const reason = error instanceof Error ? error.message : 'unknown error';
        this.#log.error(`Hook ${this.#event}: ${this.#hook.command[0]} was lost: ${reason}`);
      }
    }
    this.#running = undefined;
  }

  #take(): HookRunContext | undefined {
    const run = this.#waiting;
    this.#waiting = undefined;
    return run;
  }
}
