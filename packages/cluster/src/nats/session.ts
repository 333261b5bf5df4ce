/** One connection to one server, from connecting to its first failure. After that there is a new one: see nats-store.ts. */
import type { KV, KvEntry, KvWatchEntry } from '@nats-io/kv';
import { connect, type NatsConnection } from '@nats-io/transport-node';
import type { StoreEvent, StoreFault, TokensEntry } from '../store.ts';
import { LEASE_KEY, openBuckets, TOKENS_KEY, type Buckets, type BucketSettings } from './buckets.ts';
import { connectionOptions, type NatsConnectionSettings } from './connection-options.ts';
import { faultOf, hasNoResponders, plain, UnfitStoreError } from './nats-faults.ts';
import { withoutLeftovers } from './opened-sockets.ts';
import { StoreClock } from './store-clock.ts';

/** What is relied on here is in every server from this one on; older ones were not tried. */
const OLDEST_SERVER = [2, 9];

export interface SessionOptions extends NatsConnectionSettings, BucketSettings {
  readonly bootMs: () => number;
  readonly onEvent: (event: StoreEvent) => void;
}

export class Session {
  readonly server: string;
  readonly buckets: Buckets;
  /** Resolves with what ended it. */
  readonly ended: Promise<StoreFault>;
  readonly #connection: NatsConnection;
  readonly #options: SessionOptions;
  readonly #clock: StoreClock;
  #end: (fault: StoreFault) => void = () => undefined;

  /** Rejects with the client's errors. */
  static async open(server: string, options: SessionOptions): Promise<Session> {
    const connection = await withoutLeftovers(() => connect(connectionOptions(server, options)));
    try {
      const { version } = connection.info ?? {};
      if (isTooOld(version)) throw tooOld(version);
      const buckets = await openBuckets(connection, options).catch((error: unknown) => {
        // While the servers have no majority nobody answers either, but then the server does have it.
        throw hasNoResponders(error) && connection.info?.jetstream !== true
          ? new UnfitStoreError("it has no JetStream: write jetstream {} into the server's file")
          : error;
      });
      const { host, bootMs } = options;
      const clock = new StoreClock({ bucket: buckets.tokens, host, bootMs });
      await clock.set();
      const session = new Session(server, connection, buckets, options, clock);
      await session.#watch();
      return session;
    } catch (error) {
      await connection.close();
      throw error;
    }
  }

  private constructor(
    server: string,
    connection: NatsConnection,
    buckets: Buckets,
    options: SessionOptions,
    clock: StoreClock,
  ) {
    this.server = server;
    this.buckets = buckets;
    this.#connection = connection;
    this.#options = options;
    this.#clock = clock;
    this.ended = new Promise((resolve) => {
      this.#end = resolve;
    });
    void connection
      .closed()
      .then((error) => this.end(faultOf(error ?? new Error('the connection was closed'), server)));
    void this.#listen();
  }

  /** Nothing more is to be done on it. */
  end(fault: StoreFault): void {
    this.#end(fault);
  }

  async close(): Promise<void> {
    await this.#connection.close();
  }

  /** The store's clock. */
  nowMs(): number {
    return this.#clock.nowMs();
  }

  /** The token set that the store holds now, and how old that is by a clock that was just looked at. */
  async readTokens(): Promise<TokensEntry | undefined> {
    // The reading first: it says so if the bucket is gone.
    const entry = await this.buckets.tokens.get(TOKENS_KEY);
    await this.#clock.set();
    return entry?.operation === 'PUT' ? this.#tokensEntry(entry, false) : undefined;
  }

  #tokensEntry(entry: KvEntry, isLive: boolean): TokensEntry {
    return { value: entry.value, sequence: entry.revision, ageMs: this.#clock.ageMs(entry, isLive) };
  }

  /** Errors that belong to no request: rights that are missing for a watch. */
  async #listen(): Promise<void> {
    for await (const status of this.#connection.status()) {
      if (status.type === 'error') this.end(faultOf(status.error, this.server));
    }
  }

  async #watch(): Promise<void> {
    const { tokens, hosts } = this.buckets;
    const { onEvent } = this.#options;
    await this.#follow(tokens, TOKENS_KEY, (entry) => {
      if (entry.operation !== 'PUT') return;
      onEvent({ kind: 'tokens', entry: this.#tokensEntry(entry, entry.isUpdate) });
    });
    await this.#follow(hosts, LEASE_KEY, (entry) => {
      const isHeld = entry.operation === 'PUT';
      onEvent({ kind: 'lease', entry: isHeld ? { value: entry.value, sequence: entry.revision } : undefined });
    });
  }

  async #follow(bucket: KV, key: string, onEntry: (entry: KvWatchEntry) => void): Promise<void> {
    const watch = await bucket.watch({ key });
    void (async () => {
      for await (const entry of watch) onEntry(entry);
      this.end({ kind: 'away', reason: `${this.server} ended a watch; it is tried again for ever` });
    })().catch((error: unknown) => this.end(faultOf(error, this.server)));
  }
}

function tooOld(version = 'of an unknown version'): UnfitStoreError {
  return new UnfitStoreError(
    `it is nats-server ${plain(version)}, and ${OLDEST_SERVER.join('.')} or later is needed: update it`,
  );
}

function isTooOld(version: string | undefined): boolean {
  const [major = 0, minor = 0] = (version ?? '').split('.').map(Number);
  const [oldestMajor = 0, oldestMinor = 0] = OLDEST_SERVER;
  return !(major > oldestMajor || (major === oldestMajor && minor >= oldestMinor));
}
