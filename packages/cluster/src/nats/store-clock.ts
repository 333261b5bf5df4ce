/** The store's clock. Hosts' clocks differ, so ages are reckoned by the one that stamps what is written. */
import type { KV, KvEntry } from '@nats-io/kv';

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
    const middleMs = (beforeMs + bootMs()) / 2;
    const entry = await bucket.get(key);
    if (entry === null) return;
    this.#offsetMs = entry.created.getTime() - middleMs;
    this.#setAtMs = bootMs();
  }

  /**
   * How long ago it was written. What is told of as it comes (`isLive`) was written after the clock was last set, whatever
   * happened to the server's clock since.
   */
  ageMs({ created }: Pick<KvEntry, 'created'>, isLive: boolean): number {
    const nowMs = this.#options.bootMs();
    const ageMs = Math.max(0, nowMs + this.#offsetMs - created.getTime());
    return isLive ? Math.min(ageMs, nowMs - this.#setAtMs) : ageMs;
  }
}
