/** A store in memory, for tests of what hosts decide: as many hosts as there are handles, each of which can be cut off. */
import type {
  ClusterStore,
  LeaseEntry,
  ReadOutcome,
  StoreEvent,
  StoreFault,
  TokensEntry,
  WriteOutcome,
} from './store.ts';

export interface MemoryHubOptions {
  readonly leaseLifeMs: number;
  /** The store's clock. */
  readonly nowMs: () => number;
  /** Each step of a request waits for it: before it reaches the store, and before the answer comes back. Default: no wait. */
  readonly hop?: (what: string) => Promise<void>;
}

interface Written {
  readonly value: Uint8Array;
  readonly sequence: number;
  readonly atMs: number;
}

const AWAY: StoreFault = { kind: 'away', reason: 'the store cannot be reached' };

export class MemoryHub {
  readonly options: MemoryHubOptions;
  readonly links: Set<MemoryStore> = new Set();
  #sequence = 0;
  #tokens: Written | undefined;
  #lease: Written | undefined;
  #hosts = new Map<string, Written>();

  constructor(options: MemoryHubOptions) {
    this.options = options;
  }

  /** A host's way to the store. */
  store(): MemoryStore {
    return new MemoryStore(this);
  }

  /** All is lost, and the numbers begin anew. */
  wipe(): void {
    this.#sequence = 0;
    this.#tokens = undefined;
    this.#lease = undefined;
    this.#hosts = new Map();
  }

  lease(): Written | undefined {
    return this.#living(this.#lease);
  }

  tokens(): Written | undefined {
    return this.#tokens;
  }

  living(): readonly Uint8Array[] {
    return Array.from(this.#hosts.values())
      .filter((written) => this.#living(written) !== undefined)
      .map(({ value }) => value);
  }

  writeTokens(value: Uint8Array, expected: number): WriteOutcome {
    if ((this.#tokens?.sequence ?? 0) !== expected) return { kind: 'refused' };
    this.#tokens = this.#next(value);
    const entry = { value, sequence: this.#tokens.sequence, ageMs: 0 };
    for (const link of this.links) link.tell({ kind: 'tokens', entry });
    return { kind: 'written', sequence: entry.sequence };
  }

  writeLease(value: Uint8Array | undefined, expected: number | undefined): WriteOutcome {
    if (this.lease()?.sequence !== expected) return { kind: 'refused' };
    const written = this.#next(value ?? new Uint8Array());
    this.#lease = value === undefined ? undefined : written;
    for (const link of this.links) link.tell({ kind: 'lease', entry: this.#lease });
    return { kind: 'written', sequence: written.sequence };
  }

  writeHost(host: string, value: Uint8Array): void {
    this.#hosts.set(host, this.#next(value));
  }

  #next(value: Uint8Array): Written {
    this.#sequence += 1;
    return { value, sequence: this.#sequence, atMs: this.options.nowMs() };
  }

  #living(written: Written | undefined): Written | undefined {
    return written !== undefined && this.options.nowMs() - written.atMs < this.options.leaseLifeMs
      ? written
      : undefined;
  }
}

export class MemoryStore implements ClusterStore {
  readonly #hub: MemoryHub;
  #onEvent: (event: StoreEvent) => void = () => undefined;
  #isCut = false;

  constructor(hub: MemoryHub) {
    this.#hub = hub;
  }

  follow(onEvent: (event: StoreEvent) => void, signal: AbortSignal): Promise<void> {
    this.#onEvent = onEvent;
    this.#hub.links.add(this);
    if (!this.#isCut) this.#up();
    return new Promise((resolve) => {
      signal.addEventListener('abort', () => {
        this.#hub.links.delete(this);
        resolve();
      });
    });
  }

  /** Cuts this host off, or connects it again. */
  cut(isCut: boolean): void {
    if (this.#isCut === isCut) return;
    this.#isCut = isCut;
    if (isCut) this.#onEvent(AWAY);
    else this.#up();
  }

  isCut(): boolean {
    return this.#isCut;
  }

  tell(event: StoreEvent): void {
    void this.#hop('event').then(() => {
      if (!this.#isCut) this.#onEvent(event);
    });
  }

  async holdLease(value: Uint8Array, sequence: number | undefined): Promise<WriteOutcome> {
    return this.#ask('lease', () => this.#hub.writeLease(value, sequence));
  }

  async readLease(): Promise<ReadOutcome<LeaseEntry>> {
    return this.#ask('read lease', () => found(this.#hub.lease()));
  }

  async leaseLifeMs(): Promise<ReadOutcome<number>> {
    return this.#ask('lease life', () => ({ kind: 'read', entry: this.#hub.options.leaseLifeMs }));
  }

  async releaseLease(sequence: number): Promise<void> {
    await this.#ask('release', () => this.#hub.writeLease(undefined, sequence));
  }

  async publish(value: Uint8Array, sequence: number): Promise<WriteOutcome> {
    return this.#ask('publish', () => this.#hub.writeTokens(value, sequence));
  }

  async readTokens(): Promise<ReadOutcome<TokensEntry>> {
    return this.#ask('read tokens', () => {
      const tokens = this.#hub.tokens();
      return found(tokens === undefined ? undefined : { ...tokens, ageMs: this.#hub.options.nowMs() - tokens.atMs });
    });
  }

  async beHere(host: string, value: Uint8Array): Promise<StoreFault | undefined> {
    return this.#ask('here', () => {
      this.#hub.writeHost(host, value);
      return undefined;
    });
  }

  async hosts(): Promise<ReadOutcome<readonly Uint8Array[]>> {
    return this.#ask('hosts', () => ({ kind: 'read', entry: this.#hub.living() }));
  }

  nowMs(): number {
    return this.#hub.options.nowMs();
  }

  async #ask<Outcome>(what: string, answer: () => Outcome): Promise<Outcome | StoreFault> {
    if (this.isCut()) return AWAY;
    await this.#hop(what);
    if (this.isCut()) return AWAY;
    const outcome = answer();
    await this.#hop(what);
    // An answer that is lost: it was done all the same.
    return this.isCut() ? AWAY : outcome;
  }

  #up(): void {
    this.#onEvent({ kind: 'up', leaseLifeMs: this.#hub.options.leaseLifeMs, server: 'memory' });
  }

  async #hop(what: string): Promise<void> {
    await this.#hub.options.hop?.(what);
  }
}

function found<Entry>(entry: Entry | undefined): ReadOutcome<Entry> {
  return entry === undefined ? { kind: 'nothing' } : { kind: 'read', entry };
}
