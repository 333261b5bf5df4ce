/**
 * One host of a cluster: leads or follows, takes what is newer from the store, and publishes what is newer than the store's.
 * The lease is lease-holder.ts, the token sets are token-exchange.ts, the hosts that are there host-board.ts;
 * whether the store can be used is store-judgement.ts.
 */
import type { TokenSet } from '@token-relay/tokens';
import type { ClusterOptions, ClusterReport } from './cluster-options.ts';
import type { HostRecord } from './host-record.ts';
import { HostBoard, type HostReport } from './host-board.ts';
import { LeaseHolder } from './lease-holder.ts';
import type { Role } from './membership.ts';
import type { StoreEvent } from './store.ts';
import { StoreJudgement } from './store-judgement.ts';
import { TokenExchange } from './token-exchange.ts';

/** Watches are known to go silent: what was not told of is found by looking, this often. */
const READ_EVERY_MS = 60_000;
/** A token that another host should have refreshed by now, so long ago, may have been: it is looked for whenever something wakes this one, */
const LATE_AFTER_MS = 2_000;
/** and no more often than this. */
const LATE_READ_EVERY_MS = 5_000;
/** What a person has to put right is looked at more often. */
const UNUSABLE_READ_EVERY_MS = 15_000;
/** How long a stop waits for the store. */
const LEAVE_WITHIN_MS = 2_000;
/** Of more, only the leader keeps account without being asked. */
const FEW_HOSTS = 20;

export class Cluster {
  readonly #options: ClusterOptions;
  readonly #exchange: TokenExchange;
  readonly #board: HostBoard;
  readonly #lease: LeaseHolder;
  readonly #judgement: StoreJudgement;
  #known: { readonly role: Role; readonly leader: string | undefined; readonly sinceMs: number };
  /** Why the store cannot be used until a person changes something. */
  #toPutRight: string | undefined;
  /** Counted up whenever the store comes or goes. */
  #session = 0;
  #readAtMs = 0;
  #wake = new AbortController();
  readonly #joined: Promise<void>;
  #haveJoined: () => void = () => undefined;

  constructor(options: ClusterOptions) {
    const { host, store, bootMs, nowMs, tokens, ring, log } = options;
    this.#options = options;
    this.#joined = new Promise((resolve) => {
      this.#haveJoined = resolve;
    });
    const held = tokens.get();
    // What has no origin was never shared: this host refreshed it, as a single machine.
    const madeOurs = held !== undefined && (held.origin === undefined || held.origin.host === host);
    this.#lease = new LeaseHolder(options, options.ledLast ?? madeOurs, {
      onChange: () => this.#lookAgain(),
      onHeld: () => this.#exchange.reconcile(),
    });
    this.#known = { role: this.role(), leader: undefined, sinceMs: nowMs() };
    this.#exchange = new TokenExchange({
      ...{ host, store, ring, tokens, nowMs, log },
      isLeader: () => this.role() === 'leader',
      onProblem: () => this.#judgeStore(),
    });
    this.#judgement = new StoreJudgement({
      contentProblem: () => this.#exchange.problem(),
      requestMs: options.requestMs,
    });
    this.#board = new HostBoard({ store, nowMs, bootMs });
  }

  role(): Role {
    return this.#lease.role();
  }

  /** undefined: nothing is known yet. */
  report(): ClusterReport | undefined {
    if (!this.#judgement.isKnown()) return undefined;
    this.#noteChange();
    const { host, tokens } = this.#options;
    return {
      ...this.#known,
      host,
      revision: tokens.get()?.origin?.revision,
      sealedWith: this.#exchange.sealedWith(),
      problem: this.#judgement.problem(),
      server: this.#judgement.server,
    };
  }

  /** The hosts that were there when the store was last asked; asks it, unless that was just now. */
  hosts(): Promise<readonly HostReport[]> {
    return this.#board.look();
  }

  /** What {@link hosts} last found. */
  knownHosts(): readonly HostReport[] {
    return this.#board.known();
  }

  /** Resolves when what the store has is known, and taken over where it is newer, or when it is known to be away. */
  joined(): Promise<void> {
    return this.#joined;
  }

  /** Whether to ask Schwab now; a lease that could end before the answer is kept first. */
  mayRefresh(): Promise<boolean> {
    return this.#lease.mayRefresh();
  }

  /** What is held has changed: it is published, if it is newer than what the store has. */
  offer(): void {
    this.#exchange.reconcile();
  }

  /**
   * Other keys: what could not be opened may be open now, and what others cannot open any more is sealed anew. Resolves when
   * this host has done so; with a store that is away it is left for later.
   */
  keysChanged(): Promise<void> {
    return this.#exchange.keysChanged();
  }

  /** Gives up the lease, and leaves it to others for two lives of it. @returns whether there was one to give up */
  stepDown(): Promise<boolean> {
    return this.#lease.stepDown();
  }

  /** Runs until the signal aborts; then gives up the lease, so that another host need not wait for its end. */
  async run(signal: AbortSignal): Promise<void> {
    const { store, pause, bootMs } = this.#options;
    const closing = new AbortController();
    const following = store.follow((event) => this.#on(event), closing.signal);
    signal.addEventListener('abort', () => this.#wake.abort(), { once: true });
    while (!signal.aborted) {
      if (this.#wake.signal.aborted) this.#wake = new AbortController();
      const waitMs = Math.max(0, this.#turn() - bootMs());
      this.#noteChange();
      await pause(Math.min(waitMs, READ_EVERY_MS), this.#wake.signal);
    }
    // With a store that does not answer, the lease ends by itself.
    await Promise.race([this.#leave(), pause(LEAVE_WITHIN_MS, closing.signal)]);
    closing.abort();
    await following;
  }

  async #leave(): Promise<void> {
    await this.#exchange.settled();
    await this.stepDown();
  }

  /** Does what is due, and returns when something is next. */
  #turn(): number {
    const nowMs = this.#options.bootMs();
    this.#judgeStore();
    if (this.#lease.link !== 'up') return this.#lookWhetherPutRight();
    const leaseAtMs = this.#lease.turn();
    if (this.#readAtMs <= nowMs || this.#isTokenLate(nowMs)) {
      this.#readAtMs = nowMs + READ_EVERY_MS;
      void this.#exchange.look();
      void this.#lease.read();
      if (this.role() === 'leader' || this.#board.known().length <= FEW_HOSTS) void this.#board.look();
    }
    const hereAtMs = this.#board.say(() => this.#about(), this.#judgement.leaseLifeMs);
    return Math.min(leaseAtMs, this.#readAtMs, hereAtMs);
  }

  /** The watch may have gone silent, as it does when the server that kept it lost its disk. */
  #isTokenLate(nowMs: number): boolean {
    const { overdueMs = () => -1 } = this.#options;
    const lastReadMs = this.#readAtMs - READ_EVERY_MS;
    return this.role() === 'follower' && nowMs - lastReadMs >= LATE_READ_EVERY_MS && overdueMs() > LATE_AFTER_MS;
  }

  /** A deletion is not told of, nor a bucket that is gone. The store itself tells of its coming back. */
  #lookWhetherPutRight(): number {
    const nowMs = this.#options.bootMs();
    if (!this.#judgement.isThereButUnusable()) return nowMs + READ_EVERY_MS;
    if (this.#readAtMs <= nowMs) {
      this.#readAtMs = nowMs + UNUSABLE_READ_EVERY_MS;
      void this.#exchange.look();
      void this.#lookAtLeaseLife();
    }
    return this.#readAtMs;
  }

  /** The bucket may have been made again meanwhile, with another life. */
  async #lookAtLeaseLife(): Promise<void> {
    const session = this.#session;
    const life = await this.#options.store.leaseLifeMs();
    if (life.kind !== 'read' || session !== this.#session || life.entry === this.#judgement.leaseLifeMs) return;
    this.#judgement.isUp(life.entry);
    this.#judgeStore();
  }

  #on(event: StoreEvent): void {
    switch (event.kind) {
      case 'up':
        this.#session += 1;
        void this.#cameUp(event);
        return;
      case 'away':
      case 'unusable':
        this.#session += 1;
        this.#judgement.failed(event);
        this.#judgeStore();
        this.#haveJoined();
        return;
      case 'lease':
        this.#lease.saw(event.entry, false);
        return;
      case 'tokens':
        this.#exchange.saw(event.entry);
        return;
    }
  }

  /** What the store holds is looked at before the lease is tried for: who cannot read it must not lead. */
  async #cameUp({ leaseLifeMs, server }: StoreEvent & { kind: 'up' }): Promise<void> {
    const session = this.#session;
    this.#judgement.reached(server);
    await this.#exchange.look();
    await this.#lease.read();
    // It may have gone away meanwhile.
    if (session !== this.#session) return;
    this.#judgement.isUp(leaseLifeMs);
    this.#judgeStore();
    await this.#exchange.settled();
    this.#haveJoined();
  }

  #judgeStore(): void {
    const link = this.#judgement.link();
    if (link === this.#lease.link) {
      this.#noteChange();
      return;
    }
    this.#lease.linked(link, this.#judgement.leaseLifeMs);
    if (link !== 'up') return;
    this.#readAtMs = 0;
    this.#board.connected();
    this.#exchange.reconcile();
  }

  #about(): Omit<HostRecord, 'token_age_seconds'> & { issuedAtMs: number | undefined } {
    const { host, about, tokens } = this.#options;
    const held: TokenSet | undefined = tokens.get();
    const revision = held?.origin?.revision;
    const known = { host, role: this.role(), ...about(), ...(revision === undefined ? {} : { revision }) };
    return { ...known, issuedAtMs: held?.issuedAtMs };
  }

  #lookAgain(): void {
    this.#noteChange();
    this.#wake.abort();
  }

  /** A role also ends by time alone. */
  #noteChange(): void {
    const { nowMs, onChange } = this.#options;
    const role = this.role();
    const leader = this.#lease.leader();
    // Where a person has to change something, and does, the next thing that is wrong is news. What passes has many reasons.
    const toPutRight = role === 'single' ? this.#judgement.problem() : undefined;
    const isSameRole = role === this.#known.role && leader === this.#known.leader;
    if (isSameRole && toPutRight === this.#toPutRight) return;
    this.#toPutRight = toPutRight;
    this.#known = { role, leader, sinceMs: isSameRole ? this.#known.sinceMs : nowMs() };
    onChange();
  }
}
