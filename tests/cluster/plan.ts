/** What is done to the cluster, from a seed. Pure. */
import { seeded, type Random } from '../seeded/seeded.ts';
import type { Cut } from './network.ts';

/** `leader`: whoever leads when it strikes; it lasts until another host leads, and `ms` at least. `other`: a number that picks one of the rest. */
export type Fault =
  | { readonly kind: 'kill_leader' | 'freeze_leader'; readonly ms: number }
  | { readonly kind: 'cut_leader' | 'cut_leader_one_way'; readonly ms: number; readonly cut: Cut }
  | { readonly kind: 'cut_follower'; readonly ms: number; readonly cut: Cut; readonly other: number }
  | { readonly kind: 'log_in_on_follower'; readonly other: number }
  | { readonly kind: 'kill_server' | 'wipe_server'; readonly ms: number; readonly other: number }
  | {
      readonly kind: 'cut_server' | 'cut_server_one_way';
      readonly ms: number;
      readonly cut: Cut;
      readonly other: number;
    }
  | { readonly kind: 'wipe_store'; readonly ms: number }
  | { readonly kind: 'change_key' };

export type FaultKind = Fault['kind'];

/** What comes at the same time; then all is put right, and everybody agrees again before the next. */
export type Scene = readonly Fault[];

/** To one of the hosts. */
const HOST_FAULTS = [
  'kill_leader',
  'freeze_leader',
  'cut_leader',
  'cut_leader_one_way',
  'cut_follower',
  'log_in_on_follower',
] as const;
/** To one of the servers: two are left. */
const SERVER_FAULTS = ['kill_server', 'wipe_server', 'cut_server', 'cut_server_one_way'] as const;
/** To all of them, and so by themselves. */
const LONE_FAULTS = ['wipe_store', 'change_key'] as const;

export const FAULT_KINDS: readonly FaultKind[] = [...HOST_FAULTS, ...SERVER_FAULTS, ...LONE_FAULTS];

/** `least` is longer than a lease lives, so that another host takes over; now and then it is `most`. */
export interface Shape {
  readonly leastMs: number;
  readonly mostMs: number;
}

/** A cut may outlast a token. */
export const LONG: Shape = { leastMs: 7_500, mostMs: 60_000 };
export const SHORT: Shape = { leastMs: 7_500, mostMs: 9_000 };

/** One round: every kind once, a server's together with a host's. */
export function planRound(seed: number, round: number, shape: Shape): readonly Scene[] {
  const random = seeded(seed * 1_000 + round);
  const hosts = shuffled(HOST_FAULTS, random);
  const servers = shuffled(SERVER_FAULTS, random);
  const scenes = hosts.map((kind, index) => {
    const beside = servers[index];
    return [kind, ...(beside === undefined ? [] : [beside])].map((each) => makeFault(each, random, shape));
  });
  return shuffled([...scenes, ...LONE_FAULTS.map((kind) => [makeFault(kind, random, shape)])], random);
}

function makeFault(kind: FaultKind, random: Random, { leastMs, mostMs }: Shape): Fault {
  // One in eight is a long one.
  const isLong = random() < 1 / 8;
  const ms = Math.round(leastMs + random() * ((isLong ? mostMs : Math.min(mostMs, 2 * leastMs)) - leastMs));
  const other = Math.floor(random() * 1_000);
  const oneWay: Cut = random() < 0.5 ? 'in' : 'out';
  switch (kind) {
    case 'kill_leader':
    case 'freeze_leader':
    case 'wipe_store':
      // Without it nobody refreshes: no longer than a token has left.
      return { kind, ms: Math.min(ms, 2 * leastMs) };
    case 'cut_leader':
      return { kind, ms, cut: 'both' };
    case 'cut_leader_one_way':
      return { kind, ms, cut: oneWay };
    case 'cut_follower':
      return { kind, ms, cut: random() < 0.5 ? 'both' : oneWay, other };
    case 'cut_server':
      return { kind, ms, cut: 'both', other };
    case 'cut_server_one_way':
      return { kind, ms, cut: oneWay, other };
    case 'kill_server':
    case 'wipe_server':
      return { kind, ms, other };
    case 'log_in_on_follower':
      return { kind, other };
    case 'change_key':
      return { kind };
  }
}

function shuffled<Item>(items: readonly Item[], random: Random): Item[] {
  return items
    .map((item) => ({ item, at: random() }))
    .sort((one, other) => one.at - other.at)
    .map(({ item }) => item);
}

/** `cut_leader_one_way in 8.2 s`: for people. */
export function faultText(fault: Fault): string {
  const cut = 'cut' in fault ? ` ${fault.cut}` : '';
  const other = 'other' in fault ? ` #${fault.other}` : '';
  const seconds = 'ms' in fault ? ` ${(fault.ms / 1_000).toFixed(1)} s` : '';
  return `${fault.kind}${cut}${other}${seconds}`;
}
