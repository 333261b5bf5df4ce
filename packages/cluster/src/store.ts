/**
 * What a cluster needs of a store, in few verbs. Another engine than NATS is another implementation of this. Nothing here
 * rejects: what went wrong is the answer.
 */

/**
 * `away`: passes by itself. `unusable`: a person has to change something; the host goes on as a single machine. `isOurs`: this
 * host's own certificate, credentials or files are at fault, whatever server is asked.
 */
export type StoreFault =
  | { readonly kind: 'away'; readonly reason: string }
  | { readonly kind: 'unusable'; readonly reason: string; readonly isOurs?: true };

/** Who holds the lease, as the store has it. */
export interface LeaseEntry {
  readonly value: Uint8Array;
  /** The store's number of this writing of it. */
  readonly sequence: number;
}

export interface TokensEntry {
  readonly value: Uint8Array;
  readonly sequence: number;
  /** How long ago it was written, as far as can be told without trusting anybody's clock. */
  readonly ageMs: number;
}

/** What happens without being asked for. `lease` and `tokens` also come for what is there when following begins. */
export type StoreEvent =
  /** The store can be used. */
  | { readonly kind: 'up'; readonly leaseLifeMs: number; readonly server: string }
  | StoreFault
  /** `undefined`: it was given up. One that ages out is not told of. */
  | { readonly kind: 'lease'; readonly entry: LeaseEntry | undefined }
  | { readonly kind: 'tokens'; readonly entry: TokensEntry };

/** Written with the expected sequence, or refused because somebody else wrote meanwhile. */
export type WriteOutcome =
  { readonly kind: 'written'; readonly sequence: number } | { readonly kind: 'refused' } | StoreFault;

export type ReadOutcome<Entry> =
  { readonly kind: 'read'; readonly entry: Entry } | { readonly kind: 'nothing' } | StoreFault;

export interface ClusterStore {
  /** Connects, and goes on connecting, until the signal aborts; resolves when all is closed. Called once. */
  follow(onEvent: (event: StoreEvent) => void, signal: AbortSignal): Promise<void>;
  /** Writes the lease if nobody holds it (`sequence` undefined), or if it is as we last saw it. */
  holdLease(value: Uint8Array, sequence: number | undefined): Promise<WriteOutcome>;
  readLease(): Promise<ReadOutcome<LeaseEntry>>;
  /** Gives up the lease, if it is as we last saw it. */
  releaseLease(sequence: number): Promise<void>;
  /** Publishes a token set if nothing was published since `sequence`; 0: if there is none. */
  publish(value: Uint8Array, sequence: number): Promise<WriteOutcome>;
  readTokens(): Promise<ReadOutcome<TokensEntry>>;
  /** How long a lease lives, milliseconds, as it is now. */
  leaseLifeMs(): Promise<ReadOutcome<number>>;
  /** Says that this host is there; forgotten when it is not said again for as long as a lease lives. */
  beHere(host: string, value: Uint8Array): Promise<StoreFault | undefined>;
  hosts(): Promise<ReadOutcome<readonly Uint8Array[]>>;
  /** The store's clock, epoch milliseconds; undefined: not known now. */
  nowMs(): number | undefined;
}
