/** What is done to the daemons in a round, and when. Pure: the seed decides. */
import type { Fault as SchwabFault } from '@token-relay/schwab-sandbox';
import { Random } from './random.ts';

export const RECEIVERS = ['receiver-a', 'receiver-b'] as const;
export type ReceiverName = (typeof RECEIVERS)[number];
export type DaemonName = 'sender' | ReceiverName;
const DAEMONS = ['sender', ...RECEIVERS] as const;

/** `at runtime` those of the sockets; the others are on the small disk. */
export const FOLDERS = ['run-a', 'run-b', 'run-sender', 'tokens', 'sinks', 'logs'] as const;
export type FolderName = (typeof FOLDERS)[number];

const SOCKETS = [
  'run-a/token.sock',
  'run-a/api.sock',
  'run-a/credential.sock',
  'run-b/token.sock',
  'run-b/api.sock',
  'run-b/credential.sock',
  'run-sender/control.sock',
] as const;

/** Each is a small one of its own. */
export const DISKS = ['disk', 'runtime'] as const;
export type DiskName = (typeof DISKS)[number];

/** The sockets that everybody may connect to, as often as they like. */
export type Entrance = readonly [daemon: 'sender', socket: 'control'] | readonly [ReceiverName, 'token' | 'api'];
const SENDER_OR_READERS: readonly [Entrance, ...Entrance[]] = [
  ['sender', 'control'],
  ['receiver-a', 'api'],
  ['receiver-b', 'api'],
];
const WRITERS: readonly [Entrance, ...Entrance[]] = [
  ['receiver-a', 'token'],
  ['receiver-b', 'token'],
];

export type Fault =
  /** SIGKILL; started again a second later, as systemd would. */
  | { readonly kind: 'kill'; readonly daemon: DaemonName }
  /** SIGSTOP, and SIGCONT. */
  | { readonly kind: 'freeze'; readonly daemon: DaemonName; readonly ms: number }
  /** SIGTERM, and a start after so long. */
  | { readonly kind: 'stop'; readonly daemon: ReceiverName; readonly ms: number }
  | { readonly kind: 'remove_socket'; readonly socket: string }
  | { readonly kind: 'close_folder'; readonly folder: FolderName; readonly mode: 0 | 0o500; readonly ms: number }
  /** With all that is in it; made again after so long, unless the daemon has done so. */
  | { readonly kind: 'remove_folder'; readonly folder: 'run-a' | 'run-b' | 'run-sender' | 'logs'; readonly ms: number }
  | { readonly kind: 'spoil_token_file'; readonly how: 'removed' | 'torn' | 'older' }
  /** `runtime`: that of the sockets, which has then no room for a name either. */
  | { readonly kind: 'fill_disk'; readonly disk: DiskName; readonly ms: number }
  /** The limit is so many more than are open, or fewer, while 60 come to the socket and say nothing. */
  | { readonly kind: 'use_up_descriptors'; readonly through: Entrance; readonly spare: number; readonly ms: number }
  | { readonly kind: 'schwab'; readonly fault: SchwabFault; readonly times: number };

export type Strike = { readonly atMs: number; readonly fault: Fault };
export type RoundShape = { readonly seconds: number; readonly extraStrikes: number; readonly longestMs: number };

export const SHORT: RoundShape = { seconds: 12, extraStrikes: 3, longestMs: 5_000 };
export const LONG: RoundShape = { seconds: 40, extraStrikes: 8, longestMs: 25_000 };
/** A receiver that is stopped for a minute makes its round longer. */
const STOPPED_MS = 60_000;

type Deal = (random: Random, longestMs: number) => Fault;

const lasting = (random: Random, longestMs: number) => random.between(200, longestMs);
const schwab =
  (fault: SchwabFault): Deal =>
  (random, longestMs) => ({ kind: 'schwab', fault, times: longestMs < LONG.longestMs ? 1 : random.between(1, 2) });

const descriptors =
  (entrances: readonly [Entrance, ...Entrance[]]): Deal =>
  (random, longestMs) => ({
    kind: 'use_up_descriptors',
    through: random.pick(entrances),
    spare: random.between(-3, 8),
    ms: lasting(random, longestMs),
  });

/** Each kind of fault once: all of them are dealt out over two rounds. */
export const DEALS: readonly Deal[] = [
  (random) => ({ kind: 'kill', daemon: random.pick(DAEMONS) }),
  () => ({ kind: 'kill', daemon: 'sender' }),
  (random, longest) => ({ kind: 'freeze', daemon: random.pick(DAEMONS), ms: lasting(random, longest) }),
  (random, longest) => ({
    kind: 'stop',
    daemon: random.pick(RECEIVERS),
    ms: longest >= LONG.longestMs && random.next() < 0.25 ? STOPPED_MS : lasting(random, longest),
  }),
  (random) => ({ kind: 'remove_socket', socket: random.pick(SOCKETS) }),
  (random) => ({ kind: 'remove_socket', socket: random.pick(['run-a/api.sock', 'run-b/token.sock']) }),
  (random, longest) => ({
    kind: 'close_folder',
    folder: random.pick(FOLDERS),
    mode: random.pick([0, 0o500]),
    ms: lasting(random, longest),
  }),
  (random, longest) => ({
    kind: 'remove_folder',
    folder: random.pick(['run-a', 'run-b', 'run-sender']),
    ms: lasting(random, longest),
  }),
  () => ({ kind: 'remove_folder', folder: 'logs', ms: 0 }),
  () => ({ kind: 'spoil_token_file', how: 'removed' }),
  () => ({ kind: 'spoil_token_file', how: 'torn' }),
  () => ({ kind: 'spoil_token_file', how: 'older' }),
  // Long enough for a refresh to fall into it.
  (random, longest) => ({ kind: 'fill_disk', disk: 'disk', ms: random.between(3_500, longest) }),
  (random, longest) => ({ kind: 'fill_disk', disk: 'runtime', ms: random.between(3_500, longest) }),
  descriptors(SENDER_OR_READERS),
  descriptors(WRITERS),
  (random) => ({
    kind: 'schwab',
    fault: { kind: 'status', status: 429, headers: { 'Retry-After': String(random.between(1, 5)) } },
    times: 1,
  }),
  schwab({ kind: 'empty', status: 503 }),
  schwab({ kind: 'html', status: 403 }),
  schwab({ kind: 'hang' }),
  schwab({ kind: 'cut_off' }),
  schwab({ kind: 'reset' }),
  () => ({ kind: 'schwab', fault: { kind: 'refuse', form: 'A' }, times: 1 }),
];

/** In the second half of each 16 rounds no daemon is ended, so that there are lives long enough to see a leak in. */
const isSpared = (round: number) => round % 16 >= 8;
/** After a second refusal the sender waits for two minutes, which is right, and longer than a round's end. */
const isRefusal = ({ fault }: Strike) => fault.kind === 'schwab' && fault.fault.kind === 'refuse';
const endsDaemon = ({ fault: { kind } }: Strike) => kind === 'kill' || kind === 'stop';

/** The strikes of a round, in the order in which they come. Rounds count from 0. */
export function planRound(seed: number, round: number, { seconds, extraStrikes, longestMs }: RoundShape): Strike[] {
  const deck = new Random(seed, Math.floor(round / 2), 1).shuffled(DEALS);
  const half = Math.ceil(deck.length / 2);
  const random = new Random(seed, round, 2);
  const mine = round % 2 === 0 ? deck.slice(0, half) : deck.slice(half);
  const extra = random.shuffled(DEALS).slice(0, extraStrikes);
  return [...mine, ...extra]
    .map((deal) => ({ atMs: random.between(0, seconds * 1_000 - longestMs / 2), fault: deal(random, longestMs) }))
    .filter((strike) => !(isSpared(round) && endsDaemon(strike)))
    .filter((strike, index, all) => !isRefusal(strike) || all.findIndex(isRefusal) === index)
    .sort((one, other) => one.atMs - other.atMs);
}

/** For figures: the kind, and what of it is a fault of its own. */
export function faultName(fault: Fault): string {
  if (fault.kind === 'fill_disk') return `${fault.kind} ${fault.disk}`;
  if (fault.kind !== 'use_up_descriptors') return fault.kind;
  return `${fault.kind} ${fault.through[1] === 'token' ? 'token' : 'api or control'}`;
}

/** For people: `3.2 s: freeze receiver-a for 4.0 s`. */
export function strikeText({ atMs, fault }: Strike): string {
  const { kind, ...rest } = fault;
  const details = Object.values(rest).map((value) =>
    typeof value === 'object' ? JSON.stringify(value) : String(value),
  );
  return `${(atMs / 1_000).toFixed(1)} s: ${kind} ${details.join(' ')}`;
}
