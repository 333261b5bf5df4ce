/** Between the token set that is held and the one in the store: one piece of work at a time, until both are the same. */
import type { TokenSet } from '@token-relay/tokens';
import type { KeyRing } from './key-ring.ts';
import { reconcile, type SeenTokens } from './reconcile.ts';
import type { ClusterStore, TokensEntry } from './store.ts';
import { MAX_RECORD_BYTES, readRecord, writeRecord } from './token-record.ts';

/** A publication that is refused so often in a row is left for the next look. */
const MAX_ROUNDS = 8;

export interface ExchangeOptions {
  readonly host: string;
  readonly store: ClusterStore;
  /** Asked each time, because keys may be changed. */
  readonly ring: () => KeyRing;
  readonly tokens: {
    readonly get: () => TokenSet | undefined;
    /**
     * Saves it, holds it and has it delivered, unless something else than `insteadOf` is held by then; returns whether it was.
     * Never rejects: a save that fails is its own concern.
     */
    readonly take: (tokenSet: TokenSet, insteadOf: TokenSet | undefined) => Promise<boolean>;
  };
  readonly nowMs: () => number;
  readonly isLeader: () => boolean;
  /** What {@link TokenExchange.problem} says has changed. */
  readonly onProblem: () => void;
  readonly log: { readonly debug: (message: string) => void; readonly warn: (message: string) => void };
}

/** `nothing`: the store holds no token set. */
type Seen =
  | { readonly kind: 'unknown' }
  | { readonly kind: 'nothing' }
  | (SeenTokens & {
      readonly kind: 'tokens';
      readonly keyId: string;
      readonly sequence: number;
      readonly entry: Arrival;
    })
  | {
      readonly kind: 'unreadable';
      readonly keyId: string | undefined;
      readonly sequence: number;
      readonly problem: string;
      readonly entry: Arrival;
    };

/** An entry, and the moment by the wall clock at which it was written, as far as this host can tell. */
interface Arrival {
  readonly value: Uint8Array;
  readonly sequence: number;
  readonly writtenAtMs: number;
}

export class TokenExchange {
  readonly #options: ExchangeOptions;
  #seen: Seen = { kind: 'unknown' };
  #working: Promise<void> = Promise.resolve();
  #isWorking = false;
  #isChanged = false;
  #unpublished: TokenSet | undefined;

  constructor(options: ExchangeOptions) {
    this.#options = options;
  }

  /** Why what the store holds cannot be used, for people. */
  problem(): string | undefined {
    return this.#seen.kind === 'unreadable' ? this.#seen.problem : undefined;
  }

  /** The id of the key that what the store holds is sealed with; undefined: it holds nothing, or it is not known. */
  sealedWith(): string | undefined {
    return this.#seen.kind === 'tokens' || this.#seen.kind === 'unreadable' ? this.#seen.keyId : undefined;
  }

  /** The store told of an entry. */
  saw(entry: TokensEntry): void {
    if (entry.sequence <= sequenceOf(this.#seen)) return;
    this.#open({ ...entry, writtenAtMs: this.#options.nowMs() - entry.ageMs });
    this.reconcile();
  }

  /** Reads what the store holds, whatever it told of. A store that was emptied has lower numbers, or none. */
  async look(): Promise<void> {
    await this.#read();
    this.reconcile();
  }

  /**
   * The ring is another one. Resolves when this host has sealed anew what is for it to seal, unless the store is away: when all
   * hosts have come so far, the key before may be left out.
   */
  async keysChanged(): Promise<void> {
    await this.settled();
    // What another host has sealed anew may not have been told of yet.
    await this.#read();
    if (this.#seen.kind === 'tokens' || this.#seen.kind === 'unreadable') this.#open(this.#seen.entry);
    this.reconcile();
    await this.settled();
  }

  /** Something changed on either side. */
  reconcile(): void {
    this.#isChanged = true;
    if (!this.#isWorking) this.#working = this.#work();
  }

  async settled(): Promise<void> {
    await this.#working;
  }

  async #work(): Promise<void> {
    this.#isWorking = true;
    for (let round = 0; this.#isChanged && round < MAX_ROUNDS; round += 1) {
      this.#isChanged = false;
      if (this.#seen.kind === 'nothing' || this.#seen.kind === 'tokens') await this.#once(this.#seen);
    }
    this.#isWorking = false;
  }

  async #once(seen: Seen & { kind: 'nothing' | 'tokens' }): Promise<void> {
    const { host, store, ring, tokens, isLeader, nowMs, log } = this.#options;
    const held = tokens.get();
    const decision = reconcile(held, seen.kind === 'tokens' ? seen : undefined, {
      host,
      isLeader: isLeader(),
      nowMs: nowMs(),
    });
    switch (decision.kind) {
      case 'nothing':
        return;
      case 'adopt':
        if (!(await tokens.take(decision.tokenSet, held))) this.#isChanged = true;
        return;
      case 'publish': {
        const { tokenSet } = decision;
        // In a store that was emptied the numbers begin anew: one alone does not tell that nothing else was written.
        await this.#read();
        if (this.#seen !== seen) {
          this.#isChanged = true;
          return;
        }
        const { keyId, seal } = ring();
        const record = writeRecord(tokenSet, nowMs(), store.nowMs());
        const sealed = new TextEncoder().encode(seal(record));
        // What the others could not read would stop them all.
        if (sealed.length > MAX_RECORD_BYTES || readRecord(record, 0, nowMs()) === undefined) {
          this.#sayUnpublished(tokenSet);
          return;
        }
        const writtenAtMs = nowMs();
        const outcome = await store.publish(sealed, sequenceOf(seen));
        if (outcome.kind === 'written') {
          const { sequence } = outcome;
          log.debug(`Token set ${tokenSet.origin?.revision ?? 0} published as entry ${sequence}`);
          if (sequence > sequenceOf(this.#seen) || this.#seen === seen)
            this.#see({
              kind: 'tokens',
              tokenSet,
              // Unless the keys were changed meanwhile.
              isSealedAnew: keyId === ring().keyId,
              keyId,
              sequence,
              entry: { value: sealed, sequence, writtenAtMs },
            });
          // Marked while it was published; unless something newer came in meanwhile.
          if (tokenSet !== held) await tokens.take(tokenSet, held);
        } else if (outcome.kind === 'refused') {
          await this.look();
          this.#isChanged = true;
        }
      }
    }
  }

  /** Once for each token set: it is what the file holds besides the tokens that is too much, and it is all there at the next one. */
  #sayUnpublished(tokenSet: TokenSet): void {
    if (this.#unpublished === tokenSet) return;
    this.#unpublished = tokenSet;
    this.#options.log.warn(
      `Cluster: the token set is not published, so the other hosts do not get it: with what else the token file has it is over ${MAX_RECORD_BYTES / 1024} KiB. Take out of the file what is not of a token set`,
    );
  }

  async #read(): Promise<void> {
    const before = this.#seen;
    const read = await this.#options.store.readTokens();
    // What was told of or written meanwhile is newer than what was read.
    if (this.#seen !== before) return;
    if (read.kind === 'nothing' && before.kind !== 'nothing') this.#see({ kind: 'nothing' });
    if (read.kind === 'read' && !isOf(before, read.entry))
      this.#open({ ...read.entry, writtenAtMs: this.#options.nowMs() - read.entry.ageMs });
  }

  #open(entry: Arrival): void {
    const { ring, nowMs, store } = this.#options;
    const { sequence } = entry;
    const opened =
      entry.value.length > MAX_RECORD_BYTES
        ? ({ kind: 'foreign' } as const)
        : ring().open(new TextDecoder().decode(entry.value));
    if (opened.kind === 'opened') {
      const agoMs = nowMs() - entry.writtenAtMs;
      const tokenSet = readRecord(opened.text, agoMs, nowMs(), store.nowMs());
      const isSealedAnew = opened.keyId === ring().keyId;
      if (tokenSet !== undefined) {
        this.#see({ kind: 'tokens', tokenSet, isSealedAnew, keyId: opened.keyId, sequence, entry });
        return;
      }
    }
    const problem =
      opened.kind === 'other_key'
        ? `its tokens are sealed with the key ${opened.keyId}, and this host has ${opened.ours.join(' and ')}: give all hosts the same key (cluster.keys)`
        : 'it holds what is not a token set of this program, or not of this version: give the cluster a bucket of its own (cluster.bucket), and restart';
    const keyId = opened.kind === 'foreign' ? undefined : opened.keyId;
    this.#see({ kind: 'unreadable', keyId, sequence, problem, entry });
  }

  #see(seen: Seen): void {
    const before = this.problem();
    this.#seen = seen;
    if (this.problem() !== before) this.#options.onProblem();
  }
}

function sequenceOf(seen: Seen): number {
  return seen.kind === 'tokens' || seen.kind === 'unreadable' ? seen.sequence : 0;
}

/** Sealed twice, the same set is not the same bytes. */
function isOf(seen: Seen, { sequence, value }: TokensEntry): boolean {
  const isKnown = seen.kind === 'tokens' || seen.kind === 'unreadable';
  return isKnown && seen.sequence === sequence && Buffer.compare(seen.entry.value, value) === 0;
}
