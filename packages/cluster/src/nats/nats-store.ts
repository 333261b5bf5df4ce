/** The store of a cluster in NATS JetStream's key-value buckets (https://docs.nats.io/nats-concepts/jetstream/key-value-store). */
import type { KvEntry } from '@nats-io/kv';
import type {
  ClusterStore,
  LeaseEntry,
  ReadOutcome,
  StoreEvent,
  StoreFault,
  TokensEntry,
  WriteOutcome,
} from '../store.ts';
import { MAX_HOST_BYTES } from '../host-record.ts';
import { HOSTS_PREFIX, LEASE_KEY, TOKENS_KEY } from './buckets.ts';
import { answerIn, faultOf } from './nats-faults.ts';
import { failuresInARow, reconnectAfterMs, worseOf } from './reconnect.ts';
import { Session, type SessionOptions } from './session.ts';

/** More than that are not hosts of ours. */
const MAX_HOSTS = 500;

export interface NatsStoreOptions extends Omit<SessionOptions, 'onEvent'> {
  /** `HOST:PORT` or `nats://HOST:PORT` each */
  readonly servers: readonly string[];
  readonly random: () => number;
  /** Resolves after so much time, or as soon as the signal aborts. */
  readonly pause: (ms: number, signal: AbortSignal) => Promise<unknown>;
}

const NOT_CONNECTED: StoreFault = { kind: 'away', reason: 'there is no connection to a server' };

export class NatsStore implements ClusterStore {
  readonly #options: NatsStoreOptions;
  #session: Session | undefined;

  constructor(options: NatsStoreOptions) {
    this.#options = options;
  }

  async follow(onEvent: (event: StoreEvent) => void, signal: AbortSignal): Promise<void> {
    const { bootMs, random, pause } = this.#options;
    let failures = 0;
    while (!signal.aborted) {
      let upAtMs: number | undefined;
      const fault = await this.#connectToAny(onEvent, signal, () => {
        upAtMs = bootMs();
      });
      if (isAborted(signal)) return;
      onEvent(fault);
      failures = failuresInARow(failures, upAtMs === undefined ? undefined : bootMs() - upAtMs);
      await pause(reconnectAfterMs(fault, failures, random), signal);
    }
  }

  holdLease(value: Uint8Array, sequence: number | undefined): Promise<WriteOutcome> {
    return this.#ask(async ({ buckets: { hosts } }) => {
      const written =
        sequence === undefined ? await hosts.create(LEASE_KEY, value) : await hosts.update(LEASE_KEY, value, sequence);
      return { kind: 'written', sequence: written } as const;
    }).then(asWrite);
  }

  readLease(): Promise<ReadOutcome<LeaseEntry>> {
    return this.#ask(async ({ buckets: { hosts } }) =>
      found(await hosts.get(LEASE_KEY), ({ value, revision }) => ({ value, sequence: revision })),
    ).then(asRead);
  }

  leaseLifeMs(): Promise<ReadOutcome<number>> {
    return this.#ask(async ({ buckets: { hosts } }) => {
      const { ttl } = await hosts.status();
      return { kind: 'read', entry: ttl } as const;
    }).then(asRead);
  }

  async releaseLease(sequence: number): Promise<void> {
    await this.#ask(({ buckets: { hosts } }) => hosts.delete(LEASE_KEY, { previousSeq: sequence }));
  }

  publish(value: Uint8Array, sequence: number): Promise<WriteOutcome> {
    return this.#ask(async ({ buckets: { tokens } }) => {
      const written =
        sequence === 0 ? await tokens.create(TOKENS_KEY, value) : await tokens.update(TOKENS_KEY, value, sequence);
      return { kind: 'written', sequence: written } as const;
    }).then(asWrite);
  }

  readTokens(): Promise<ReadOutcome<TokensEntry>> {
    return this.#ask(async (session): Promise<ReadOutcome<TokensEntry>> => {
      const entry = await session.readTokens();
      return entry === undefined ? { kind: 'nothing' } : { kind: 'read', entry };
    }).then(asRead);
  }

  async beHere(host: string, value: Uint8Array): Promise<StoreFault | undefined> {
    const outcome = await this.#ask(async ({ buckets: { hosts } }) => {
      await hosts.put(`${HOSTS_PREFIX}${host}`, value);
      return { kind: 'nothing' } as const;
    });
    return outcome.kind === 'away' || outcome.kind === 'unusable' ? outcome : undefined;
  }

  hosts(): Promise<ReadOutcome<readonly Uint8Array[]>> {
    return this.#ask(async ({ buckets: { hosts, hostKeys } }) => {
      const keys = (await hostKeys()).slice(0, MAX_HOSTS);
      const entries = await Promise.all(keys.map((key) => hosts.get(key)));
      const isHost = (entry: KvEntry | null): entry is KvEntry =>
        entry?.operation === 'PUT' && entry.length <= MAX_HOST_BYTES;
      return { kind: 'read', entry: entries.filter(isHost).map(({ value }) => value) } as const;
    }).then(asRead);
  }

  nowMs(): number | undefined {
    return this.#session?.nowMs();
  }

  /** One session with the first server that will have us; resolves with how it ended, or why there was none. */
  async #connectToAny(
    onEvent: (event: StoreEvent) => void,
    signal: AbortSignal,
    onUp: () => void,
  ): Promise<StoreFault> {
    let fault: StoreFault | undefined;
    for (const server of shuffled(this.#options.servers, this.#options.random)) {
      if (signal.aborted) break;
      let session: Session;
      try {
        session = await Session.open(server, { ...this.#options, onEvent });
      } catch (error) {
        fault = worseOf(fault, faultOf(error, server, this.#options.access().tls?.cert));
        continue;
      }
      onUp();
      this.#session = session;
      const stop = () => session.end(NOT_CONNECTED);
      signal.addEventListener('abort', stop, { once: true });
      if (isAborted(signal)) stop();
      onEvent({ kind: 'up', leaseLifeMs: session.buckets.leaseLifeMs, server });
      const end = await session.ended;
      signal.removeEventListener('abort', stop);
      this.#session = undefined;
      await session.close();
      return end;
    }
    return fault ?? NOT_CONNECTED;
  }

  /** One request. A failure ends the session: the next one may find a server that can be reached. */
  async #ask<Answer>(
    request: (session: Session) => Promise<Answer>,
  ): Promise<Answer | StoreFault | { kind: 'refused' | 'nothing' }> {
    const session = this.#session;
    if (session === undefined) return NOT_CONNECTED;
    try {
      return await request(session);
    } catch (error) {
      const answer = answerIn(error);
      if (answer !== undefined && answer.kind !== 'no_bucket') return answer;
      const fault: StoreFault =
        answer === undefined
          ? faultOf(error, session.server)
          : { kind: 'away', reason: `a bucket is gone from ${session.server}; it is made again` };
      session.end(fault);
      return fault;
    }
  }
}

function found<Entry>(entry: KvEntry | null, as: (entry: KvEntry) => Entry): ReadOutcome<Entry> {
  return entry === null || entry.operation !== 'PUT' ? { kind: 'nothing' } : { kind: 'read', entry: as(entry) };
}

/** A write that finds nothing is refused: what it was to replace is gone. */
function asWrite(outcome: WriteOutcome | { kind: 'nothing' }): WriteOutcome {
  return outcome.kind === 'nothing' ? { kind: 'refused' } : outcome;
}

/** A read is not refused. */
function asRead<Entry>(outcome: ReadOutcome<Entry> | { kind: 'refused' }): ReadOutcome<Entry> {
  return outcome.kind === 'refused' ? { kind: 'nothing' } : outcome;
}

/** Fisher and Yates: no server has all hosts. */
function shuffled<Item>(items: readonly Item[], random: () => number): readonly Item[] {
  const left = [...items];
  const mixed: Item[] = [];
  while (left.length > 0) mixed.push(...left.splice(Math.floor(random() * left.length), 1));
  return mixed;
}

/** Asked anew each time: it changes while something is awaited. */
function isAborted(signal: AbortSignal): boolean {
  return signal.aborted;
}
