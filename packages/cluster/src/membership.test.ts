import { expect, test } from 'vitest';
import {
  after,
  keepEveryMs,
  mayRefresh,
  nextLeaseStep,
  outside,
  roleOf,
  writtenOver,
  type Membership,
  type MembershipEvent,
  type Role,
} from './membership.ts';

const LIFE = 45_000;
const REQUEST = 10_000;
const options = { host: 'here', whenIsolated: 'leader' } as const;
const there = { host: 'there', instance: 't1' };
const here = { host: 'here', instance: 'h1' };
const half = () => 0.5;

/** What becomes of a host that sees these, each at its time. */
const run = (state: Membership, ...events: readonly (readonly [number, MembershipEvent])[]) =>
  events.reduce((before, [atMs, event]) => after(before, event, atMs, half), state);

const up = { kind: 'up', leaseLifeMs: LIFE } as const;
const away = { kind: 'away' } as const;
const written = (sequence: number, askedAtMs: number) => ({ kind: 'lease_written', sequence, askedAtMs }) as const;
const seenTheirs = (sequence: number) =>
  ({ kind: 'lease_seen', holder: there, sequence, isOurs: false, isRead: false }) as const;
const seenOurs = (sequence: number) =>
  ({ kind: 'lease_seen', holder: here, sequence, isOurs: true, isRead: false }) as const;
const readTheirs = (sequence: number) => ({ ...seenTheirs(sequence), isRead: true });

const joined = run(outside(0, false), [0, up]);
const leading = run(joined, [100, written(5, 50)]);
const following = run(joined, [100, seenTheirs(5)]);

test('who comes to a store without a leader tries for the lease at once', () => {
  expect(roleOf(joined, options, 0)).toBe('follower');
  expect(nextLeaseStep(joined)).toEqual({ kind: 'take', atMs: 0 });
});

test('a leader leads for one life from before it asked, and not a millisecond longer', () => {
  expect(roleOf(leading, options, 50 + LIFE - 1)).toBe('leader');
  expect(roleOf(leading, options, 50 + LIFE)).toBe('follower');
});

test('a leader keeps its lease three times in the life of it', () => {
  expect(nextLeaseStep(leading)).toEqual({ kind: 'keep', atMs: 50 + keepEveryMs(leading) });
  const kept = run(leading, [15_100, written(6, 15_050)]);
  expect(nextLeaseStep(kept)).toEqual({ kind: 'keep', atMs: 15_050 + LIFE / 3 });
  expect(kept.lease).toMatchObject({ sinceMs: 100 });
});

test('a follower misses the leader when it heard nothing for a whole life and up to a tenth more', () => {
  expect(nextLeaseStep(following)).toEqual({ kind: 'take', atMs: 100 + LIFE * 1.05 });
  const later = run(following, [15_000, seenTheirs(6)]);
  expect(nextLeaseStep(later)).toEqual({ kind: 'take', atMs: 15_000 + LIFE * 1.05 });
});

test('what is known already puts nothing off: a leader that is dead is missed, however often its last word is read', () => {
  for (const repeated of [seenTheirs(5), seenTheirs(4), readTheirs(5)])
    expect(run(following, [30_000, repeated])).toEqual(following);
});

test('of a store that was emptied, what is read is believed, though its numbers are lower', () => {
  expect(run(following, [30_000, readTheirs(2)]).lease).toMatchObject({ sequence: 2, tryAtMs: 30_000 + LIFE * 1.05 });
});

test('a lease that was given up is tried for within a tenth of a life', () => {
  expect(nextLeaseStep(run(following, [20_000, { kind: 'lease_gone' }]))).toEqual({
    kind: 'take',
    atMs: 20_000 + LIFE * 0.05,
  });
});

test('a leader whose lease another has written follows at once', () => {
  const superseded = run(leading, [20_000, seenTheirs(9)]);
  expect(roleOf(superseded, options, 20_000)).toBe('follower');
  expect(superseded.lease).toMatchObject({ kind: 'theirs', holder: there });
  expect(superseded.ledLast).toBe(false);
});

test('an older writing that is heard of late does not end a leadership', () => {
  expect(run(leading, [200, seenTheirs(4)])).toEqual(leading);
  expect(run(leading, [200, readTheirs(4)])).toEqual(leading);
});

test('a refused keep ends the leadership at once, and is tried again in a third of a life', () => {
  const refused = run(leading, [15_100, { kind: 'lease_refused' }]);
  expect(roleOf(refused, options, 15_100)).toBe('follower');
  expect(nextLeaseStep(refused)).toEqual({ kind: 'take', atMs: 15_100 + LIFE / 3 });
});

test('a refused taker knows still who leads', () => {
  const refused = run(following, [50_000, { kind: 'lease_refused' }]);
  expect(refused.lease).toMatchObject({ kind: 'theirs', holder: there, tryAtMs: 50_000 + LIFE / 3 });
});

test('a lease that was written and not heard of is taken over its own writing', () => {
  const unheard = run(joined, [100, away], [5_000, up], [5_010, seenOurs(7)]);
  expect(roleOf(unheard, options, 5_010)).toBe('follower');
  expect(unheard.lease).toEqual({ kind: 'free', tryAtMs: 5_010, over: 7 });
});

test('a keep that was written and not heard of gives the number to write over, and no longer life', () => {
  const unheard = run(leading, [15_100, seenOurs(6)]);
  expect(unheard.lease).toMatchObject({ kind: 'ours', sequence: 6, askedAtMs: 50 });
  expect(run(unheard, [15_200, seenOurs(5)])).toEqual(unheard);
});

test('a leader that was frozen beyond its lease does not lead when it wakes, and asks first', () => {
  const wakesAtMs = 10 * LIFE;
  expect(roleOf(leading, options, wakesAtMs)).toBe('follower');
  expect(mayRefresh(leading, options, REQUEST, wakesAtMs)).toBe('no');
  expect(nextLeaseStep(leading)).toMatchObject({ kind: 'keep' });
});

test('a lease is kept over its own number while it lasts; one that has ended is taken as if it were not there', () => {
  expect(writtenOver(leading, 50 + LIFE - 1)).toBe(5);
  expect(writtenOver(leading, 50 + LIFE)).toBeUndefined();
  expect(writtenOver(following, 10 * LIFE)).toBeUndefined();
  expect(writtenOver(joined, 0)).toBeUndefined();
  expect(writtenOver(run(joined, [5_010, seenOurs(7)]), 5_010)).toBe(7);
});

test('no refresh is started that could outlive the lease: it is kept first', () => {
  const endMs = 50 + LIFE;
  expect(mayRefresh(leading, options, REQUEST, endMs - REQUEST - 1)).toBe('yes');
  expect(mayRefresh(leading, options, REQUEST, endMs - REQUEST)).toBe('renew');
});

test('who steps down leaves the lease to others for two lives', () => {
  const aside = run(leading, [20_000, { kind: 'stepped_down' }]);
  expect(roleOf(aside, options, 20_000)).toBe('follower');
  const early: readonly MembershipEvent[] = [
    seenTheirs(9),
    { kind: 'lease_gone' },
    { kind: 'lease_refused' },
    // Its own keeping and giving up, told of late.
    seenOurs(5),
  ];
  for (const event of early) {
    const step = nextLeaseStep(run(aside, [21_000, event]));
    expect(step).toEqual({ kind: 'take', atMs: 20_000 + 2 * LIFE });
  }
  expect(nextLeaseStep(aside)).toEqual({ kind: 'take', atMs: 20_000 + 2 * LIFE });
  expect(run(aside, [120_000, written(12, 119_000)]).asideUntilMs).toBe(0);
});

const isolated = { host: 'here', whenIsolated: 'wait' } as const;

test.each<[string, Role, Role, Membership]>([
  ['whose tokens are its own, before it saw the store', 'alone', 'waiting', outside(0, true)],
  ['with tokens of others, before it saw the store', 'waiting', 'waiting', outside(0, false)],
  ['that led last', 'alone', 'waiting', run(leading, [1_000, away])],
  [
    'that stepped down, and heard of no other leader',
    'alone',
    'waiting',
    run(leading, [1, { kind: 'stepped_down' }], [2, away]),
  ],
  ['that followed', 'waiting', 'waiting', run(following, [1_000, away])],
  ['that led before another', 'waiting', 'waiting', run(leading, [1_000, seenTheirs(9)], [2_000, away])],
  ['whose store is of no use', 'single', 'single', run(following, [1_000, { kind: 'unusable' }])],
  ['whose store is of no use, while it leads', 'single', 'single', run(leading, [1_000, { kind: 'unusable' }])],
])(
  'long after the store went away, a host %s, is %s with when_isolated: leader and %s with wait',
  (_, led, waited, state) => {
    const lateMs = 10 * LIFE;
    expect([roleOf(state, options, lateMs), roleOf(state, isolated, lateMs)]).toEqual([led, waited]);
    expect(nextLeaseStep(state)).toEqual({ kind: 'none' });
  },
);

test('a leader that is cut off leads until its lease ends, with either setting', () => {
  const cut = run(leading, [1_000, away]);
  for (const who of [options, isolated]) expect(roleOf(cut, who, 50 + LIFE - 1)).toBe('leader');
});

test.each<[Role, 'yes' | 'no', Membership]>([
  ['alone', 'yes', run(leading, [1_000, away])],
  ['single', 'yes', run(following, [1_000, { kind: 'unusable' }])],
  ['waiting', 'no', run(following, [1_000, away])],
  ['follower', 'no', following],
])('who is %s may refresh: %s', (role, verdict, state) => {
  expect(roleOf(state, options, 10 * LIFE)).toBe(role);
  expect(mayRefresh(state, options, REQUEST, 10 * LIFE)).toBe(verdict);
});

test('no two followers that miss a leader need ask at the same moment', () => {
  const tries = [0, 0.3, 0.9].map((chance) => nextLeaseStep(after(joined, seenTheirs(5), 0, () => chance)));
  expect(tries).toEqual([0, 0.3, 0.9].map((chance) => ({ kind: 'take', atMs: LIFE * (1 + chance * 0.1) })));
});
