/** The store's clock. Hosts' clocks differ, so ages are reckoned by the one that stamps what is written. */
import type { KV, KvEntry } from '@nats-io/kv';

/** A request that took longer says little about the time. */
const SLOW_MS = 1_000;
/** Servers that are at odds tell of what is new with a delay of less. */
const IMPLAUSIBLE_MS = 60_000;

export interface StoreClockOptions {
  /** whose server stamps what is to be aged */
  readonly bucket: KV;
  readonly host: string;
  /** Time since the boot. */
  readonly bootMs: () => number;
}

export class StoreClock {
  readonly #options: StoreClockOptions;
  /** What to add to the time since the boot. */
  #offsetMs = 0;
  #setAtMs = -Infinity;

  constructor(options: StoreClockOptions) {
    this.#options = options;
  }

  /** Writes something, and reads when the store says that it was. Rejects with the client's errors. */
  async set(): Promise<void> {
    const { bucket, host, bootMs } = this.#options;
    const key = `clock.${host}`;
    const beforeMs = bootMs();
    await bucket.put(key, '');
    const tookMs = bootMs() - beforeMs;
    // Servers that are at odds take seconds: what is known already is better.
    if (tookMs > SLOW_MS && this.#setAtMs !== -Infinity) return;
    const entry = await bucket.get(key);
    if (entry === null) return;
    // As if it was written at once: what is aged by that is rather taken for too old.
    this.#offsetMs = entry.created.getTime() - beforeMs;
    this.#setAtMs = bootMs();
  }

  nowMs(): number {
    return this.#options.bootMs() + this.#offsetMs;
  }

  /**
   * How long ago it was written. What is told of as it comes (`isLive`) was written at about the time at which the clock was
   * last set, or later: if it seems much older, the server's clock was set since.
   */
  ageMs({ created }: Pick<KvEntry, 'created'>, isLive: boolean): number {
    const nowMs = this.#options.bootMs();
    const ageMs = Math.max(0, nowMs + this.#offsetMs - created.getTime());
    const sinceSetMs = nowMs - this.#setAtMs;
    return isLive && ageMs > sinceSetMs + IMPLAUSIBLE_MS ? sinceSetMs : ageMs;
  }
}
