/**
 * One host of a cluster: takes, keeps and gives up the lease, takes what is newer from the store, and publishes what is
 * newer than the store's. What it does is decided in membership.ts and reconcile.ts.
 */
import type { TokenSet } from '@token-relay/tokens';
import { readLease, writeJson, type HostRecord } from './host-record.ts';
import { HostBoard, type HostReport } from './host-board.ts';
import {
  after,
  keepEveryMs,
  mayRefresh,
  nextLeaseStep,
  outside,
  roleOf,
  writtenOver,
  type LeaseStep,
  type Membership,
  type MembershipEvent,
  type Role,
} from './membership.ts';
import type { ClusterStore, LeaseEntry, StoreEvent, StoreFault } from './store.ts';
import { TokenExchange, type ExchangeOptions } from './token-exchange.ts';

/** Watches are known to go silent: what was not told of is found by looking, this often. */
const READ_EVERY_MS = 60_000;
/** A store that cannot be asked need not have said so yet: the lease is not tried for again sooner. */
const AFTER_FAULT_MS = 1_000;
/** A lease has to outlive the longest request by this much. */
const MIN_SPARE_MS = 1_000;

const NOT_YET: StoreFault = { kind: 'away', reason: 'not connected yet' };

export interface ClusterOptions extends Pick<ExchangeOptions, 'ring' | 'tokens' | 'nowMs' | 'log'> {
  readonly host: string;
  /** of this run, told apart from other runs of the same host */
  readonly instance: string;
  readonly whenIsolated: 'leader' | 'wait';
  readonly store: ClusterStore;
  /** Time since the boot. */
  readonly bootMs: () => number;
  readonly random: () => number;
  readonly pause: (ms: number, signal: AbortSignal) => Promise<unknown>;
  /** The longest that a request to Schwab can take. */
  readonly requestMs: () => number;
  /** What this host says of itself, besides what is known here. */
  readonly about: () => Pick<HostRecord, 'version' | 'state'>;
  /** Something that `report` shows has changed. */
  readonly onChange: () => void;
}

export interface ClusterReport {
  readonly role: Role;
  readonly host: string;
  /** who leads, as far as it is known */
  readonly leader: string | undefined;
  /** since when by this host's clock, epoch milliseconds */
  readonly sinceMs: number;
  readonly revision: number | undefined;
  /** why the store cannot be used */
  readonly problem: string | undefined;
  readonly server: string | undefined;
}

export class Cluster {
  readonly #options: ClusterOptions;
  readonly #exchange: TokenExchange;
  readonly #board: HostBoard;
  #member: Membership;
  #storeFault: StoreFault | undefined = NOT_YET;
  #server: string | undefined;
  #known: { readonly role: Role; readonly leader: string | undefined; readonly sinceMs: number };
  /** What was last heard of the connection. */
  #link: StoreEvent | undefined;
  #leaseWork: Promise<void> | undefined;
  #leaseNotBeforeMs = 0;
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
    this.#member = outside(bootMs(), tokens.get()?.origin?.host === host);
    this.#known = { role: this.role(), leader: undefined, sinceMs: nowMs() };
    this.#exchange = new TokenExchange({
      ...{ host, store, ring, tokens, nowMs, log },
      isLeader: () => this.role() === 'leader',
      onProblem: () => this.#judgeStore(),
    });
    this.#board = new HostBoard({ store, nowMs, bootMs });
  }

  role(): Role {
    return roleOf(this.#member, this.#options, this.#options.bootMs());
  }

  /** undefined: nothing is known yet. */
  report(): ClusterReport | undefined {
    if (this.#storeFault === NOT_YET) return undefined;
    this.#noteChange();
    const { host, tokens } = this.#options;
    return {
      ...this.#known,
      host,
      revision: tokens.get()?.origin?.revision,
      problem: this.#exchange.problem() ?? this.#storeFault?.reason,
      server: this.#server,
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
  async mayRefresh(): Promise<boolean> {
    const verdict = () => mayRefresh(this.#member, this.#options, this.#options.requestMs(), this.#options.bootMs());
    if (verdict() === 'renew') await this.#stepLease('keep');
    return verdict() === 'yes';
  }

  /** What is held has changed: it is published, if it is newer than what the store has. */
  offer(): void {
    this.#exchange.reconcile();
  }

  /** Other keys: what could not be opened may be open now, and what others cannot open any more is sealed anew. */
  keysChanged(): void {
    this.#exchange.keysChanged();
  }

  /** Gives up the lease, and leaves it to others for two lives of it. @returns whether there was one to give up */
  async stepDown(): Promise<boolean> {
    await this.#leaseWork;
    const { lease } = this.#member;
    // Whatever became of the connection meanwhile: a lease is given up also by who leads no more because the store is of no use.
    const wouldLead = roleOf({ ...this.#member, link: 'up' }, this.#options, this.#options.bootMs()) === 'leader';
    if (!wouldLead || lease.kind !== 'ours') return false;
    this.#apply({ kind: 'stepped_down' });
    await this.#options.store.releaseLease(lease.sequence);
    return true;
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
      await pause(Math.min(waitMs, READ_EVERY_MS), AbortSignal.any([this.#wake.signal, signal]));
    }
    await this.#exchange.settled();
    await this.stepDown();
    closing.abort();
    await following;
  }

  /** Does what is due, and returns when something is next. */
  #turn(): number {
    const nowMs = this.#options.bootMs();
    // What cannot be used is looked at all the same: it may be gone, and its numbers begin anew.
    if (this.#link?.kind !== 'up' || this.#member.link === 'away') return nowMs + READ_EVERY_MS;
    const step = this.#nextLeaseStep();
    if (step.kind !== 'none' && step.atMs <= nowMs && this.#leaseWork === undefined) void this.#stepLease(step.kind);
    if (this.#readAtMs <= nowMs) {
      this.#readAtMs = nowMs + READ_EVERY_MS;
      void this.#exchange.look();
      void this.#readLease();
    }
    const hereAtMs = this.#board.say(() => this.#about(), keepEveryMs(this.#member));
    const next = this.#nextLeaseStep();
    // While one is under way, its end wakes the loop up.
    const leaseAtMs = next.kind === 'none' || this.#leaseWork !== undefined ? Infinity : next.atMs;
    return Math.min(leaseAtMs, this.#readAtMs, hereAtMs);
  }

  #on(event: StoreEvent): void {
    switch (event.kind) {
      case 'up':
        this.#link = event;
        void this.#cameUp(event);
        return;
      case 'away':
      case 'unusable':
        this.#link = event;
        this.#storeFault = event;
        this.#judgeStore();
        this.#haveJoined();
        return;
      case 'lease':
        this.#sawLease(event.entry, false);
        return;
      case 'tokens':
        this.#exchange.saw(event.entry);
        return;
    }
  }

  /** What the store holds is looked at before the lease is tried for: who cannot read it must not lead. */
  async #cameUp(event: StoreEvent & { kind: 'up' }): Promise<void> {
    const { requestMs } = this.#options;
    const { leaseLifeMs, server } = event;
    await this.#exchange.look();
    // It went away again meanwhile, and has said so.
    if (this.#link !== event) return;
    this.#server = server;
    this.#member = { ...this.#member, leaseLifeMs };
    const isTooShort = leaseLifeMs < requestMs() + MIN_SPARE_MS;
    const reason = `a lease lives for ${leaseLifeMs / 1000} s there, and has to outlive http_timeout (${requestMs() / 1000} s): make a new bucket, or a shorter http_timeout`;
    this.#storeFault = isTooShort ? { kind: 'unusable', reason } : undefined;
    await this.#readLease();
    if (this.#link !== event) return;
    this.#judgeStore();
    await this.#exchange.settled();
    this.#haveJoined();
  }

  #judgeStore(): void {
    const problem = this.#exchange.problem();
    if (problem !== undefined || this.#storeFault?.kind === 'unusable') {
      void this.stepDown();
      this.#apply({ kind: 'unusable' });
    } else if (this.#storeFault !== undefined) this.#apply({ kind: 'away' });
    else if (this.#member.link !== 'up') this.#apply({ kind: 'up', leaseLifeMs: this.#member.leaseLifeMs });
  }

  #sawLease(entry: LeaseEntry | undefined, isRead: boolean): void {
    const record = entry === undefined ? undefined : readLease(entry.value);
    if (entry === undefined || record === undefined) {
      // Our own giving up comes back to us.
      if (this.#member.lease.kind === 'theirs') this.#apply({ kind: 'lease_gone' });
      return;
    }
    const isOurs = record.instance === this.#options.instance;
    this.#apply({ kind: 'lease_seen', holder: record, sequence: entry.sequence, isOurs, isRead });
  }

  async #readLease(): Promise<void> {
    const read = await this.#options.store.readLease();
    if (read.kind === 'read') this.#sawLease(read.entry, true);
    else if (read.kind === 'nothing' && this.#member.lease.kind === 'theirs') this.#apply({ kind: 'lease_gone' });
  }

  #nextLeaseStep(): LeaseStep {
    const step = nextLeaseStep(this.#member);
    return step.kind === 'none' ? step : { ...step, atMs: Math.max(step.atMs, this.#leaseNotBeforeMs) };
  }

  #stepLease(kind: 'take' | 'keep'): Promise<void> {
    this.#leaseWork ??= this.#writeLease(kind).finally(() => {
      this.#leaseWork = undefined;
      this.#wake.abort();
    });
    return this.#leaseWork;
  }

  async #writeLease(kind: 'take' | 'keep'): Promise<void> {
    const { host, instance, store, bootMs } = this.#options;
    if (kind === 'keep' && this.#member.lease.kind !== 'ours') return;
    const askedAtMs = bootMs();
    const outcome = await store.holdLease(writeJson({ host, instance }), writtenOver(this.#member, askedAtMs));
    switch (outcome.kind) {
      case 'written':
        this.#apply({ kind: 'lease_written', sequence: outcome.sequence, askedAtMs });
        this.#exchange.reconcile();
        return;
      case 'refused':
        this.#apply({ kind: 'lease_refused' });
        return this.#readLease();
      case 'away':
      case 'unusable':
        // The store says so itself, and when it is back.
        this.#leaseNotBeforeMs = bootMs() + AFTER_FAULT_MS;
        return;
    }
  }

  #about(): Omit<HostRecord, 'token_age_seconds'> & { issuedAtMs: number | undefined } {
    const { host, about, tokens } = this.#options;
    const held: TokenSet | undefined = tokens.get();
    const revision = held?.origin?.revision;
    const known = { host, role: this.role(), ...about(), ...(revision === undefined ? {} : { revision }) };
    return { ...known, issuedAtMs: held?.issuedAtMs };
  }

  #apply(event: MembershipEvent): void {
    const { bootMs, random } = this.#options;
    this.#member = after(this.#member, event, bootMs(), random);
    if (event.kind === 'up') {
      this.#readAtMs = 0;
      this.#exchange.reconcile();
    }
    this.#noteChange();
    this.#wake.abort();
  }

  /** A role also ends by time alone. */
  #noteChange(): void {
    const { host, nowMs, onChange } = this.#options;
    const { lease } = this.#member;
    const role = this.role();
    const leader = role === 'leader' ? host : lease.kind === 'theirs' ? lease.holder.host : undefined;
    if (role === this.#known.role && leader === this.#known.leader) return;
    this.#known = { role, leader, sinceMs: nowMs() };
    onChange();
  }
}
