/** Tokens that a save could not put on disk: tries again until they are saved (DESIGN.md, "Saved before published"). */
import type { Log } from '@token-relay/daemon';
import { nextBackoff } from '@token-relay/protocol';
import { TokenError, type TokenManager } from '@token-relay/tokens';
import type { TimelineEventKind } from '../web/timeline.ts';

/** Change how often a failed save is tried again here. */
const SAVE_BACKOFF: { readonly baseMs: number; readonly capMs: number } = { baseMs: 1_000, capMs: 60_000 };
/** Never sooner than this. */
const MIN_WAIT_MS = 1_000;

export interface SaveRetryDependencies {
  readonly manager: TokenManager;
  readonly log: Log;
  readonly nowMs: () => number;
  readonly random: () => number;
  readonly tokenFile: string;
  readonly record: (kind: TimelineEventKind, text: string) => void;
  /** Takes over a newer login from the file; false if there is none that can be read. */
  readonly adopt: () => Promise<boolean>;
}

export class SaveRetry {
  readonly #deps: SaveRetryDependencies;
  #failures = 0;
  #retryAtMs = 0;

  constructor(dependencies: SaveRetryDependencies) {
    this.#deps = dependencies;
  }

  /** When to save again, in epoch milliseconds; Infinity when everything is saved. */
  dueAtMs(): number {
    if (this.#deps.manager.isSaved()) return Infinity;
    // After the clock was set back, a wait is not longer than it was meant to be.
    this.#retryAtMs = Math.min(this.#retryAtMs, this.#deps.nowMs() + SAVE_BACKOFF.capMs);
    return this.#retryAtMs;
  }

  /** A save failed: ERROR once, until one succeeds. */
  failed(error: TokenError): void {
    const { log, nowMs, random, record } = this.#deps;
    record('not_saved', error.message);
    const [delayMs, failures] = nextBackoff(this.#failures, SAVE_BACKOFF, random);
    this.#failures = failures;
    this.#retryAtMs = nowMs() + Math.max(MIN_WAIT_MS, delayMs);
    const text = `${error.message}. The new tokens are in memory only: do not stop the sender; trying again`;
    if (failures === 1) log.error(text);
    else log.debug(text);
  }

  /** Saves if it is time to. Called in each turn of the loop. Never rejects with a TokenError. */
  async turn(): Promise<void> {
    if (this.#deps.manager.isSaved()) this.#failures = 0;
    else if (this.#deps.nowMs() >= this.dueAtMs()) await this.#save((error) => this.failed(error));
  }

  /** Before the end: one more try, and loud if it fails, because then the new tokens are lost. */
  async lastTry(): Promise<void> {
    if (this.#deps.manager.isSaved()) return;
    await this.#save((error) =>
      this.#deps.log.error(`${error.message}. The sender stops, and its newest tokens are lost`),
    );
  }

  async #save(whenFailed: (error: TokenError) => void): Promise<void> {
    const { manager, log, tokenFile, adopt, record } = this.#deps;
    try {
      await manager.saveAgain();
    } catch (error) {
      if (!(error instanceof TokenError)) throw error;
      if (error.code !== 'newer_login_on_disk' || !(await adopt())) whenFailed(error);
      return;
    }
    record('saved', `Tokens saved to ${tokenFile} after all`);
    log.info(`Tokens saved to ${tokenFile} after all`);
  }
}
