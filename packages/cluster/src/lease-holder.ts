/** This host's membership, and its work on the lease: takes it, keeps it, gives it up. What it does is decided in membership.ts. */
import { readLease, writeJson } from './host-record.ts';
import {
  after,
  mayRefresh,
  nextLeaseStep,
  outside,
  roleOf,
  writtenOver,
  type Membership,
  type MembershipEvent,
  type Role,
} from './membership.ts';
import type { ClusterStore, LeaseEntry } from './store.ts';

/** After a request that failed though the store seemed to be there. */
const RETRY_AFTER_MS = 1_000;
/** A refresh that is due for so much longer than a request takes is not under way. */
const STUCK_AFTER_MS = 60_000;

export interface LeaseHolderOptions {
  readonly host: string;
  /** of this run, told apart from other runs of the same host */
  readonly instance: string;
  readonly whenIsolated: 'leader' | 'wait';
  readonly store: ClusterStore;
  readonly onLedLast?: ((ledLast: boolean) => void) | undefined;
  /** Time since the boot. */
  readonly bootMs: () => number;
  readonly random: () => number;
  /** For how long a refresh has been due here, in milliseconds; negative until it is. Default: it never is. */
  readonly overdueMs?: (() => number) | undefined;
  /** The longest that a request to Schwab can take. */
  readonly requestMs: () => number;
}

export interface LeaseEvents {
  /** The membership has changed; whoever waits for what is next looks again. */
  readonly onChange: () => void;
  /** This host has begun to lead, or has kept the lease. */
  readonly onHeld: () => void;
}

export class LeaseHolder {
  readonly #options: LeaseHolderOptions;
  readonly #events: LeaseEvents;
  #member: Membership;
  #work: Promise<void> | undefined;
  #notBeforeMs = 0;

  /** @param ledLast whether this host led last, before it was started */
  constructor(options: LeaseHolderOptions, ledLast: boolean, events: LeaseEvents) {
    this.#options = options;
    this.#events = events;
    this.#member = outside(options.bootMs(), ledLast);
  }

  get link(): Membership['link'] {
    return this.#member.link;
  }

  role(): Role {
    return roleOf(this.#member, this.#options, this.#options.bootMs());
  }

  /** Who leads, as far as it is known. */
  leader(): string | undefined {
    const { lease } = this.#member;
    if (this.role() === 'leader') return this.#options.host;
    return lease.kind === 'theirs' ? lease.holder.host : undefined;
  }

  /** Whether to ask Schwab now; a lease that could end before the answer is kept first. */
  async mayRefresh(): Promise<boolean> {
    const { requestMs, bootMs } = this.#options;
    const verdict = () => mayRefresh(this.#member, this.#options, requestMs(), bootMs());
    if (verdict() === 'renew') await this.#step('keep');
    return verdict() === 'yes';
  }

  /** What is known of the store now. @param leaseLifeMs as it is there */
  linked(link: Membership['link'], leaseLifeMs: number): void {
    if (link === 'unusable') void this.giveUp();
    this.#apply(link === 'up' ? { kind: 'up', leaseLifeMs } : { kind: link });
  }

  /** The store told of the lease, or was asked (`isRead`); undefined: it was given up. */
  saw(entry: LeaseEntry | undefined, isRead: boolean): void {
    const record = entry === undefined ? undefined : readLease(entry.value);
    if (entry === undefined || record === undefined) {
      // Our own giving up comes back to us.
      if (this.#member.lease.kind === 'theirs') this.#apply({ kind: 'lease_gone' });
      return;
    }
    const isOurs = record.instance === this.#options.instance;
    this.#apply({ kind: 'lease_seen', holder: record, sequence: entry.sequence, isOurs, isRead });
  }

  async read(): Promise<void> {
    const { lease } = this.#member;
    const read = await this.#options.store.readLease();
    if (read.kind === 'read') this.saw(read.entry, true);
    // What was told of meanwhile is newer than what was read.
    else if (read.kind === 'nothing' && lease.kind === 'theirs' && this.#member.lease === lease)
      this.#apply({ kind: 'lease_gone' });
  }

  /** Does what is due. @returns when something is next; while something is under way, its end tells */
  turn(): number {
    const nowMs = this.#options.bootMs();
    const step = nextLeaseStep(this.#member);
    if (step.kind === 'keep' && this.#isStuck(nowMs)) void this.giveUp();
    else if (step.kind !== 'none' && this.#atMs(step.atMs) <= nowMs && this.#work === undefined)
      void this.#step(step.kind);
    const next = nextLeaseStep(this.#member);
    return next.kind === 'none' || this.#work !== undefined ? Infinity : this.#atMs(next.atMs);
  }

  /** Gives up the lease, and leaves it to others for two lives of it. @returns whether this host led */
  async stepDown(): Promise<boolean> {
    await this.#work;
    if (this.role() !== 'leader') return false;
    await this.giveUp();
    return true;
  }

  /** As {@link stepDown}, at once, also by one that may lead no more. */
  async giveUp(): Promise<void> {
    const { lease } = this.#member;
    if (lease.kind !== 'ours') return;
    this.#apply({ kind: 'stepped_down' });
    await this.#options.store.releaseLease(lease.sequence);
  }

  /** A leader that does not get on, because its disk hangs or by a fault of ours, must not keep others from leading. */
  #isStuck(nowMs: number): boolean {
    const { lease } = this.#member;
    const { overdueMs = () => -1, requestMs } = this.#options;
    const leadsForMs = lease.kind === 'ours' ? nowMs - lease.sinceMs : 0;
    return Math.min(overdueMs(), leadsForMs) > requestMs() + STUCK_AFTER_MS;
  }

  #atMs(atMs: number): number {
    return Math.max(atMs, this.#notBeforeMs);
  }

  #step(kind: 'take' | 'keep'): Promise<void> {
    this.#work ??= this.#write(kind).finally(() => {
      this.#work = undefined;
      this.#events.onChange();
    });
    return this.#work;
  }

  async #write(kind: 'take' | 'keep'): Promise<void> {
    const { host, instance, store, bootMs } = this.#options;
    if (kind === 'keep' && this.#member.lease.kind !== 'ours') return;
    const askedAtMs = bootMs();
    const outcome = await store.holdLease(writeJson({ host, instance }), writtenOver(this.#member, askedAtMs));
    switch (outcome.kind) {
      case 'written':
        this.#apply({ kind: 'lease_written', sequence: outcome.sequence, askedAtMs });
        this.#events.onHeld();
        return;
      case 'refused':
        this.#apply({ kind: 'lease_refused' });
        return this.read();
      case 'away':
      case 'unusable':
        // The store says so itself, and when it is back.
        this.#notBeforeMs = bootMs() + RETRY_AFTER_MS;
        return;
    }
  }

  #apply(event: MembershipEvent): void {
    const { bootMs, random, onLedLast } = this.#options;
    const { ledLast } = this.#member;
    this.#member = after(this.#member, event, bootMs(), random);
    if (this.#member.ledLast !== ledLast) onLedLast?.(this.#member.ledLast);
    this.#events.onChange();
  }
}
