/**
 * What a host of a cluster decides: who leads, whether it may refresh, when to take, keep and give up the lease. Pure; the
 * one that acts is cluster.ts. All times are milliseconds of time since the boot, which nobody can set and which goes on
 * while the machine is suspended.
 */

export interface MembershipOptions {
  readonly host: string;
  /** What the last leader does while the store is away. */
  readonly whenIsolated: 'leader' | 'wait';
}

/** Who holds the lease. */
export interface LeaseHolder {
  readonly host: string;
  /** Told apart from other runs of the same host. */
  readonly instance: string;
}

export type Lease =
  /** Nobody is known to hold it. `over`: the writing of our own that is there, though we did not hear that it was written. */
  | { readonly kind: 'free'; readonly tryAtMs: number; readonly over?: number }
  /** To be tried for when its holder was not heard of for a whole life. */
  | { readonly kind: 'theirs'; readonly holder: LeaseHolder; readonly sequence: number; readonly tryAtMs: number }
  /** Ours for its life from `askedAtMs` on: from before the request, so that it never ends sooner than we believe. */
  | { readonly kind: 'ours'; readonly sequence: number; readonly askedAtMs: number; readonly sinceMs: number };

export interface Membership {
  readonly link: 'up' | 'away' | 'unusable';
  readonly lease: Lease;
  readonly leaseLifeMs: number;
  /** Whether this host led last, as far as it knows. */
  readonly ledLast: boolean;
  /** It gave up the lease for others to take; until then it takes it only if nobody did. */
  readonly asideUntilMs: number;
}

/**
 * - `leader`: holds the lease, and refreshes
 * - `follower`: takes tokens from the store
 * - `alone`: the store is away, and this host led last: it refreshes
 * - `waiting`: the store is away, and another host led last: it goes on with the token that it has
 * - `single`: the store cannot be used until a person changes something: as without a cluster
 */
export type Role = 'leader' | 'follower' | 'alone' | 'waiting' | 'single';

export type MembershipEvent =
  | { readonly kind: 'up'; readonly leaseLifeMs: number }
  | { readonly kind: 'away' }
  | { readonly kind: 'unusable' }
  | {
      readonly kind: 'lease_seen';
      readonly holder: LeaseHolder;
      readonly sequence: number;
      readonly isOurs: boolean;
      /** The store was asked, and did not tell by itself: a lower number is that of a store that was emptied. */
      readonly isRead: boolean;
    }
  | { readonly kind: 'lease_gone' }
  | { readonly kind: 'lease_written'; readonly sequence: number; readonly askedAtMs: number }
  /** Somebody else wrote it since we last saw it, or it aged out. */
  | { readonly kind: 'lease_refused' }
  | { readonly kind: 'stepped_down' };

/** A taker waits up to this part of the lease's life, so that not all hosts ask at once. */
const JITTER = 0.1;

/** Before the store was seen. */
export function outside(nowMs: number, ledLast: boolean): Membership {
  return {
    link: 'away',
    lease: { kind: 'free', tryAtMs: nowMs },
    leaseLifeMs: 0,
    ledLast,
    asideUntilMs: 0,
  };
}

export function after(state: Membership, event: MembershipEvent, nowMs: number, random: () => number): Membership {
  switch (event.kind) {
    case 'up': {
      const { leaseLifeMs } = event;
      const { lease } = state;
      // It may have been seen before it was known how long it lives.
      const tryAtMs = nowMs + leaseLifeMs * (1 + random() * JITTER);
      return { ...state, link: 'up', leaseLifeMs, lease: lease.kind === 'theirs' ? { ...lease, tryAtMs } : lease };
    }
    case 'away':
    case 'unusable':
      return { ...state, link: event.kind };
    case 'lease_seen':
      return seen(state, event, nowMs, random);
    case 'lease_gone':
      return { ...state, lease: { kind: 'free', tryAtMs: soon(state, nowMs, random) } };
    case 'lease_written': {
      const sinceMs = state.lease.kind === 'ours' ? state.lease.sinceMs : nowMs;
      const { sequence, askedAtMs } = event;
      return { ...state, ledLast: true, asideUntilMs: 0, lease: { kind: 'ours', sequence, askedAtMs, sinceMs } };
    }
    case 'lease_refused': {
      // Who holds it is seen next. If that is the ghost of one that ages out now, a try in a while finds it free.
      const tryAtMs = nowMs + keepEveryMs(state);
      return {
        ...state,
        lease: state.lease.kind === 'theirs' ? { ...state.lease, tryAtMs } : { kind: 'free', tryAtMs },
      };
    }
    case 'stepped_down':
      return {
        ...state,
        asideUntilMs: nowMs + 2 * state.leaseLifeMs,
        lease: { kind: 'free', tryAtMs: nowMs + 2 * state.leaseLifeMs },
      };
  }
}

export function roleOf(state: Membership, { whenIsolated }: MembershipOptions, nowMs: number): Role {
  if (state.link === 'unusable') return 'single';
  if (state.lease.kind === 'ours' && nowMs < endOfLease(state, state.lease)) return 'leader';
  if (state.link === 'up') return 'follower';
  return state.ledLast && whenIsolated === 'leader' ? 'alone' : 'waiting';
}

/**
 * Whether to ask Schwab now. `renew`: only with a lease that outlives the request, which is to be kept first.
 * @param requestMs the longest that the request can take
 */
export function mayRefresh(
  state: Membership,
  options: MembershipOptions,
  requestMs: number,
  nowMs: number,
): 'yes' | 'no' | 'renew' {
  switch (roleOf(state, options, nowMs)) {
    case 'single':
    case 'alone':
      return 'yes';
    case 'follower':
    case 'waiting':
      return 'no';
    case 'leader':
      return state.lease.kind === 'ours' && nowMs + requestMs < endOfLease(state, state.lease) ? 'yes' : 'renew';
  }
}

export type LeaseStep = { readonly kind: 'take' | 'keep'; readonly atMs: number } | { readonly kind: 'none' };

/** What is next to be done about the lease, and when. */
export function nextLeaseStep(state: Membership): LeaseStep {
  const { link, lease, asideUntilMs } = state;
  if (link !== 'up') return { kind: 'none' };
  switch (lease.kind) {
    case 'free':
    case 'theirs':
      return { kind: 'take', atMs: Math.max(lease.tryAtMs, asideUntilMs) };
    case 'ours':
      return { kind: 'keep', atMs: lease.askedAtMs + keepEveryMs(state) };
  }
}

/**
 * The number of the writing that the next one is to replace; undefined: there must be none. One of ours that has ended is
 * gone, and in a store that was emptied its number may be another's.
 */
export function writtenOver(state: Membership, nowMs: number): number | undefined {
  const { lease } = state;
  switch (lease.kind) {
    case 'free':
      return lease.over;
    case 'theirs':
      return undefined;
    case 'ours':
      return nowMs < endOfLease(state, lease) ? lease.sequence : undefined;
  }
}

/** How often the lease is kept: three times in its life. */
export function keepEveryMs({ leaseLifeMs }: Membership): number {
  return leaseLifeMs / 3;
}

function seen(
  state: Membership,
  { holder, sequence, isOurs, isRead }: MembershipEvent & { kind: 'lease_seen' },
  nowMs: number,
  random: () => number,
): Membership {
  const { lease } = state;
  if (isOurs) {
    if (lease.kind !== 'ours') return { ...state, lease: { kind: 'free', tryAtMs: nowMs, over: sequence } };
    return sequence <= lease.sequence ? state : { ...state, lease: { ...lease, sequence } };
  }
  // What is known already, or was written before what we wrote, is no news.
  if (lease.kind === 'ours' && sequence <= lease.sequence) return state;
  if (lease.kind === 'theirs' && (isRead ? sequence === lease.sequence : sequence <= lease.sequence)) return state;
  const tryAtMs = nowMs + state.leaseLifeMs * (1 + random() * JITTER);
  return { ...state, ledLast: false, lease: { kind: 'theirs', holder, sequence, tryAtMs } };
}

function soon({ leaseLifeMs, asideUntilMs }: Membership, nowMs: number, random: () => number): number {
  return Math.max(nowMs + random() * JITTER * leaseLifeMs, asideUntilMs);
}

function endOfLease({ leaseLifeMs }: Membership, { askedAtMs }: Lease & { kind: 'ours' }): number {
  return askedAtMs + leaseLifeMs;
}
