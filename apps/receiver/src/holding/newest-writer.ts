/** Brings the newest value to a place that may refuse it, and keeps at it until it is there. */
import { nextBackoff } from '@token-relay/protocol';
import { WriteBudget } from './write-budget.ts';

/** `unchanged`: it was there already. `reason` is for people, and no secret is in it. */
export type WriteOutcome =
  { readonly kind: 'written' } | { readonly kind: 'unchanged' } | { readonly kind: 'failed'; readonly reason: string };

export interface WriterReport {
  /** `idle`: there was nothing to write yet */
  readonly state: 'idle' | 'ok' | 'failing';
  /** since when, in epoch milliseconds; absent while idle */
  readonly sinceMs?: number;
  /** why it fails, for people */
  readonly reason?: string;
  /** how often something was written */
  readonly writes: number;
  /** how often an attempt failed */
  readonly failures: number;
}

export interface NewestWriterOptions<T> {
  readonly write: (value: T) => Promise<WriteOutcome>;
  /** Called once when it begins to fail. */
  readonly onFailing: (reason: string) => void;
  /** Called once when it works after it failed. */
  readonly onRecovered: () => void;
  /** Default Math.random. */
  readonly random?: () => number;
}

const RETRY = { baseMs: 1_000, capMs: 60_000 };
/** For the last attempt of a daemon that stops. */
const LAST_ATTEMPT_MS = 2_000;

/**
 * A mailbox of one, and the loop that empties it: one attempt at a time, and a newer value takes the place of one that
 * waits. A failed attempt is repeated, 1 s to 60 s apart. The first values are written at once; a stream of them
 * no more often than `WriteBudget` allows.
 */
export class NewestWriter<T> {
  readonly #options: NewestWriterOptions<T>;
  readonly #budget = new WriteBudget(performance.now());
  #waiting: { readonly value: T } | undefined;
  #loop: Promise<void> | undefined;
  #endPause: () => void = () => undefined;
  #isClosing = false;
  #report: WriterReport = { state: 'idle', writes: 0, failures: 0 };

  constructor(options: NewestWriterOptions<T>) {
    this.#options = options;
  }

  report(): WriterReport {
    return this.#report;
  }

  /** Returns at once. Nothing happens after `close`. */
  put(value: T): void {
    if (this.#isClosing) return;
    this.#waiting = { value };
    this.#loop ??= this.#run();
  }

  /** Makes one more attempt for what waits, and resolves within two seconds; what hangs then is left alone. */
  async close(): Promise<void> {
    this.#isClosing = true;
    this.#endPause();
    if (this.#loop === undefined) return;
    const deadline = Promise.withResolvers<undefined>();
    const timer = setTimeout(deadline.resolve, LAST_ATTEMPT_MS, undefined);
    await Promise.race([this.#loop, deadline.promise]);
    clearTimeout(timer);
  }

  async #run(): Promise<void> {
    // After all others who are told of the same value just now.
    await Promise.resolve();
    let attempt = 0;
    while (this.#waiting !== undefined) {
      await this.#pause(this.#budget.waitMs(performance.now()));
      const item = this.#waiting;
      this.#waiting = undefined;
      const beganAtMs = performance.now();
      const outcome = await this.#write(item.value);
      this.#budget.spend(performance.now() - beganAtMs, performance.now());
      this.#note(outcome);
      if (outcome.kind !== 'failed') {
        attempt = 0;
        continue;
      }
      if (this.#isClosing) continue;
      this.#waiting ??= item;
      const [delayMs, next] = nextBackoff(attempt, RETRY, this.#options.random ?? Math.random);
      attempt = next;
      await this.#pause(delayMs);
    }
    this.#loop = undefined;
  }

  async #write(value: T): Promise<WriteOutcome> {
    try {
      return await this.#options.write(value);
    } catch (error) {
      // A fault of ours; its message may repeat what was to be written.
      return { kind: 'failed', reason: `it was lost (${error instanceof Error ? error.name : typeof error})` };
    }
  }

  #note(outcome: WriteOutcome): void {
    const { state, sinceMs, writes, failures } = this.#report;
    const isFailing = outcome.kind === 'failed';
    const now = isFailing ? 'failing' : 'ok';
    this.#report = {
      state: now,
      sinceMs: state === now && sinceMs !== undefined ? sinceMs : Date.now(),
      writes: writes + (outcome.kind === 'written' ? 1 : 0),
      failures: failures + (isFailing ? 1 : 0),
      ...(isFailing ? { reason: outcome.reason } : {}),
    };
    if (isFailing && state !== 'failing') this.#options.onFailing(outcome.reason);
    if (!isFailing && state === 'failing') this.#options.onRecovered();
  }

  #pause(ms: number): Promise<void> {
    if (ms <= 0 || this.#isClosing) return Promise.resolve();
    return new Promise((resolve) => {
      const timer = setTimeout(resolve, ms);
      this.#endPause = () => {
        clearTimeout(timer);
        resolve();
      };
    });
  }
}
