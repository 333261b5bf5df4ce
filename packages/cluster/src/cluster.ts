/**
 * One host of a cluster: takes, keeps and gives up the lease, takes what is newer from the store, and publishes what is
 * newer than the store's. What it does is decided in membership.ts and reconcile.ts.
 */
import type { TokenSet } from '@token-relay/tokens';
import { readLease, writeJson, type HostRecord } from './host-record.ts';
import { HostBoard, type HostReport } from './host-board.ts';
import {
  after,
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
/** What a person has to put right is looked at more often. */
const UNREADABLE_READ_EVERY_MS = 15_000;
/** After a request that failed though the store seemed to be there. */
const RETRY_AFTER_MS = 1_000;
/** How long a stop waits for the store. */
const LEAVE_WITHIN_MS = 2_000;
/** A refresh that is due for so much longer than a request takes is not under way. */
const STUCK_AFTER_MS = 60_000;
/** Of more, only the leader keeps account without being asked. */
const FEW_HOSTS = 20;
/** A lease has to outlive the longest request by this much. */
const MIN_SPARE_MS = 1_000;
/** A token is refreshed five minutes before it ends: by then another host has to have taken over. */
const MAX_LEASE_MS = 2 * 60_000;

const NOT_YET: StoreFault = { kind: 'away', reason: 'not connected yet' };

export interface ClusterOptions extends Pick<ExchangeOptions, 'ring' | 'tokens' | 'nowMs' | 'log'> {
  readonly host: string;
  /** of this run, told apart from other runs of the same host */
  readonly instance: string;
  readonly whenIsolated: 'leader' | 'wait';
  readonly store: ClusterStore;
  /** Whether this host led last, before it was started again; undefined: not known. */
  readonly ledLast?: boolean | undefined;
  readonly onLedLast?: (ledLast: boolean) => void;
  /** Time since the boot. */
  readonly bootMs: () => number;
  readonly random: () => number;
  readonly pause: (ms: number, signal: AbortSignal) => Promise<unknown>;
  /** For how long a refresh has been due here, in milliseconds; negative until it is. Default: it never is. */
  readonly overdueMs?: () => number;
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
  /** Counted up whenever the store comes or goes. */
  #session = 0;
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
    const held = tokens.get();
    // What has no origin was never shared: this host refreshed it, as a single machine.
    const madeOurs = held !== undefined && (held.origin === undefined || held.origin.host === host);
    this.#member = outside(bootMs(), options.ledLast ?? madeOurs);
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
      problem: this.#problem(),
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
    if (this.role() !== 'leader') return false;
    await this.#giveUpLease();
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

  async #giveUpLease(): Promise<void> {
    const { lease } = this.#member;
    if (lease.kind !== 'ours') return;
    this.#apply({ kind: 'stepped_down' });
    await this.#options.store.releaseLease(lease.sequence);
  }

  /** Does what is due, and returns when something is next. */
  #turn(): number {
    const nowMs = this.#options.bootMs();
    this.#judgeStore();
    if (this.#member.link !== 'up') return this.#lookWhetherPutRight();
    const step = this.#nextLeaseStep();
    if (step.kind === 'keep' && this.#isStuck(nowMs)) void this.#giveUpLease();
    else if (step.kind !== 'none' && step.atMs <= nowMs && this.#leaseWork === undefined)
      void this.#stepLease(step.kind);
    if (this.#readAtMs <= nowMs) {
      this.#readAtMs = nowMs + READ_EVERY_MS;
      void this.#exchange.look();
      void this.#readLease();
      if (this.role() === 'leader' || this.#board.known().length <= FEW_HOSTS) void this.#board.look();
    }
    const hereAtMs = this.#board.say(() => this.#about(), this.#member.leaseLifeMs);
    const next = this.#nextLeaseStep();
    // While one is under way, its end wakes the loop up.
    const leaseAtMs = next.kind === 'none' || this.#leaseWork !== undefined ? Infinity : next.atMs;
    return Math.min(leaseAtMs, this.#readAtMs, hereAtMs);
  }

  /** A leader that does not get on, because its disk hangs or by a fault of ours, must not keep others from leading. */
  #isStuck(nowMs: number): boolean {
    const { lease } = this.#member;
    const { overdueMs = () => -1, requestMs } = this.#options;
    const leadsForMs = lease.kind === 'ours' ? nowMs - lease.sinceMs : 0;
    return Math.min(overdueMs(), leadsForMs) > requestMs() + STUCK_AFTER_MS;
  }

  /** A deletion is not told of, nor a bucket that is gone. The store itself tells of its coming back. */
  #lookWhetherPutRight(): number {
    const nowMs = this.#options.bootMs();
    if (this.#exchange.problem() === undefined || this.#storeFault !== undefined) return nowMs + READ_EVERY_MS;
    if (this.#readAtMs <= nowMs) {
      this.#readAtMs = nowMs + UNREADABLE_READ_EVERY_MS;
      void this.#exchange.look();
    }
    return this.#readAtMs;
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
  async #cameUp({ leaseLifeMs, server }: StoreEvent & { kind: 'up' }): Promise<void> {
    const session = this.#session;
    this.#server = server;
    await this.#exchange.look();
    await this.#readLease();
    // It may have gone away meanwhile.
    if (session !== this.#session) return;
    this.#member = { ...this.#member, leaseLifeMs };
    this.#storeFault = undefined;
    this.#judgeStore();
    await this.#exchange.settled();
    this.#haveJoined();
  }

  #judgeStore(): void {
    const { leaseLifeMs, link: before } = this.#member;
    const link = this.#link();
    if (link === before) return;
    if (link === 'unusable') void this.#giveUpLease();
    this.#apply(link === 'up' ? { kind: 'up', leaseLifeMs } : { kind: link });
  }

  #link(): Membership['link'] {
    if (this.#unusable() !== undefined || this.#storeFault?.kind === 'unusable') return 'unusable';
    return this.#storeFault === undefined ? 'up' : 'away';
  }

  /** Why what is there cannot be used, for people. */
  #unusable(): string | undefined {
    if (this.#storeFault !== undefined) return undefined;
    return this.#exchange.problem() ?? leaseProblem(this.#member.leaseLifeMs, this.#options.requestMs());
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
    const { lease } = this.#member;
    const read = await this.#options.store.readLease();
    if (read.kind === 'read') this.#sawLease(read.entry, true);
    // What was told of meanwhile is newer than what was read.
    else if (read.kind === 'nothing' && lease.kind === 'theirs' && this.#member.lease === lease)
      this.#apply({ kind: 'lease_gone' });
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
        this.#leaseNotBeforeMs = bootMs() + RETRY_AFTER_MS;
        return;
    }
  }

  #problem(): string | undefined {
    const unreadable = this.#unusable();
    return unreadable === undefined ? this.#storeFault?.reason : `${this.#server ?? 'the store'}: ${unreadable}`;
  }

  #about(): Omit<HostRecord, 'token_age_seconds'> & { issuedAtMs: number | undefined } {
    const { host, about, tokens } = this.#options;
    const held: TokenSet | undefined = tokens.get();
    const revision = held?.origin?.revision;
    const known = { host, role: this.role(), ...about(), ...(revision === undefined ? {} : { revision }) };
    return { ...known, issuedAtMs: held?.issuedAtMs };
  }

  #apply(event: MembershipEvent): void {
    const { bootMs, random, onLedLast } = this.#options;
    const { ledLast } = this.#member;
    this.#member = after(this.#member, event, bootMs(), random);
    if (this.#member.ledLast !== ledLast) onLedLast?.(this.#member.ledLast);
    if (event.kind === 'up') {
      this.#readAtMs = 0;
      this.#board.connected();
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

function leaseProblem(leaseLifeMs: number, requestMs: number): string | undefined {
  const life = `a lease lives for ${leaseLifeMs / 1000} s there`;
  if (leaseLifeMs < requestMs + MIN_SPARE_MS) {
    return `${life}, and has to outlive http_timeout (${requestMs / 1000} s): name another bucket, or a shorter http_timeout`;
  }
  return leaseLifeMs > MAX_LEASE_MS
    ? `${life}, and nobody would take over in time: name another bucket, whose lease is ${MAX_LEASE_MS / 1000} s at most`
    : undefined;
}
