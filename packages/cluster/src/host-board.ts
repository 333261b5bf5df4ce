/** Which hosts are there: says that this one is, and reads what the others say. */
import { readHost, writeJson, type HostRecord } from './host-record.ts';
import type { ClusterStore } from './store.ts';

/** Whoever asks again sooner is told the same. */
const FRESH_MS = 2_000;

export interface HostReport extends Omit<HostRecord, 'token_age_seconds'> {
  /** when its access token was issued, by this host's clock, to within the time since it last said so */
  readonly tokenAgeSeconds: number | undefined;
}

export interface HostBoardOptions {
  readonly store: ClusterStore;
  readonly nowMs: () => number;
  readonly bootMs: () => number;
}

type About = Omit<HostRecord, 'token_age_seconds'> & { readonly issuedAtMs: number | undefined };

export class HostBoard {
  readonly #options: HostBoardOptions;
  #known: readonly HostReport[] = [];
  #lookedAtMs = -Infinity;
  #looking: Promise<readonly HostReport[]> | undefined;
  #sayAtMs = 0;
  #said = '';

  constructor(options: HostBoardOptions) {
    this.#options = options;
  }

  /**
   * Says that this host is there, if that is due or what is said has changed: twice in the life of an entry, so that one
   * of them may be late. @returns when it is due next
   */
  say(about: () => About, lifeMs: number): number {
    const { store, bootMs, nowMs } = this.#options;
    const { issuedAtMs, ...record } = about();
    const text = JSON.stringify([record, issuedAtMs]);
    if (bootMs() < this.#sayAtMs && text === this.#said) return this.#sayAtMs;
    this.#sayAtMs = bootMs() + lifeMs / 2;
    this.#said = text;
    const age = issuedAtMs === undefined ? {} : { token_age_seconds: Math.round((nowMs() - issuedAtMs) / 1000) };
    void store.beHere(record.host, writeJson({ ...record, ...age }));
    return this.#sayAtMs;
  }

  /** There is a connection anew: what was said on the one before may be lost, as the store may. */
  connected(): void {
    this.#sayAtMs = 0;
  }

  known(): readonly HostReport[] {
    return this.#known;
  }

  look(): Promise<readonly HostReport[]> {
    if (this.#options.bootMs() - this.#lookedAtMs < FRESH_MS) return Promise.resolve(this.#known);
    this.#looking ??= this.#read().finally(() => {
      this.#looking = undefined;
    });
    return this.#looking;
  }

  async #read(): Promise<readonly HostReport[]> {
    const answer = await this.#options.store.hosts();
    // What was known when the store went away is better than nothing, and says how old it is.
    if (answer.kind !== 'read') return this.#known;
    this.#lookedAtMs = this.#options.bootMs();
    this.#known = answer.entry
      .map(readHost)
      .filter((host) => host !== undefined)
      .map(({ token_age_seconds: tokenAgeSeconds, ...host }) => ({ ...host, tokenAgeSeconds }))
      .sort((one, other) => (one.host < other.host ? -1 : 1));
    return this.#known;
  }
}
