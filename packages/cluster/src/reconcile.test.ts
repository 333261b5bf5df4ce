import type { TokenSet } from '@token-relay/tokens';
import { expect, test } from 'vitest';
import { reconcile, type SeenTokens } from './reconcile.ts';

const login = 1_762_983_055_000;
const unmarked = (changes: TokenSet = {}): TokenSet => ({
  accessToken: 'access-1',
  refreshToken: 'refresh-1',
  loginAtMs: login,
  issuedAtMs: login,
  expiresAtMs: login + 1_800_000,
  ...changes,
});
const set = (changes: TokenSet = {}): TokenSet => unmarked({ origin: { host: 'a', revision: 3 }, ...changes });
const seen = (tokenSet: TokenSet, isSealedAnew = true): SeenTokens => ({ tokenSet, isSealedAnew });
const nowMs = login + 60_000;
const follower = { host: 'here', isLeader: false, nowMs };
const leader = { host: 'here', isLeader: true, nowMs };

test('an empty store is filled by whoever holds a token set, follower or leader', () => {
  for (const who of [follower, leader])
    expect(reconcile(set(), undefined, who)).toEqual({ kind: 'publish', tokenSet: set() });
  expect(reconcile(undefined, undefined, follower)).toEqual({ kind: 'nothing' });
});

test('who holds none takes what the store has', () => {
  expect(reconcile(undefined, seen(set()), follower)).toEqual({ kind: 'adopt', tokenSet: set() });
});

test('the newer one wins, on either side, leader or not', () => {
  const newer = set({ accessToken: 'access-2', origin: { host: 'b', revision: 4 } });
  for (const who of [follower, leader]) {
    expect(reconcile(set(), seen(newer), who)).toEqual({ kind: 'adopt', tokenSet: newer });
    expect(reconcile(newer, seen(set()), who)).toEqual({ kind: 'publish', tokenSet: newer });
  }
});

test('of two refreshes with the same revision the published one stays, at every host', () => {
  const theirs = set({ accessToken: 'access-2', origin: { host: 'b', revision: 3 } });
  for (const who of [follower, leader])
    expect(reconcile(set(), seen(theirs), who)).toEqual({ kind: 'adopt', tokenSet: theirs });
});

test('where only the mark differs, theirs is taken, and the times as this host reckons them stay', () => {
  const theirs = set({ origin: { host: 'b', revision: 9 }, issuedAtMs: login + 1_500, expiresAtMs: login + 1_801_500 });
  expect(reconcile(set(), seen(theirs), follower)).toEqual({
    kind: 'adopt',
    tokenSet: set({ origin: { host: 'b', revision: 9 } }),
  });
  expect(reconcile(unmarked(), seen(set()), follower)).toEqual({ kind: 'adopt', tokenSet: set() });
  expect(reconcile(set(), seen(unmarked()), follower)).toEqual({ kind: 'nothing' });
});

test('what is agreed on is left alone; the leader alone seals it anew after a change of keys', () => {
  expect(reconcile(set(), seen(set(), true), leader)).toEqual({ kind: 'nothing' });
  expect(reconcile(set(), seen(set(), false), follower)).toEqual({ kind: 'nothing' });
  expect(reconcile(set(), seen(set(), false), leader)).toEqual({ kind: 'publish', tokenSet: set() });
});

test('what another program refreshed is marked as ours, and above what the store has', () => {
  const refreshed = unmarked({ accessToken: 'access-2', expiresAtMs: login + 3_600_000 });
  expect(reconcile(refreshed, seen(set()), follower)).toEqual({
    kind: 'publish',
    tokenSet: { ...refreshed, origin: { host: 'here', revision: 4 } },
  });
});

test('what another program refreshed without a change of the mark is marked anew', () => {
  const refreshed = set({ accessToken: 'access-2', expiresAtMs: login + 3_600_000 });
  expect(reconcile(refreshed, seen(set()), follower)).toEqual({
    kind: 'publish',
    tokenSet: { ...refreshed, origin: { host: 'here', revision: 4 } },
  });
});

test('one login whose time is known to the millisecond here and to the second there has one row of revisions', () => {
  const refreshed = unmarked({ accessToken: 'access-2', expiresAtMs: login + 3_600_000, loginAtMs: login + 417 });
  expect(reconcile(refreshed, seen(set()), follower)).toMatchObject({
    kind: 'publish',
    tokenSet: { origin: { host: 'here', revision: 4 } },
  });
});

test('a login that no host has seen begins with revision 1', () => {
  const anew = unmarked({ accessToken: 'access-2', refreshToken: 'refresh-2', loginAtMs: login + 86_400_000 });
  for (const theirs of [undefined, seen(set())])
    expect(reconcile(anew, theirs, follower)).toEqual({
      kind: 'publish',
      tokenSet: { ...anew, origin: { host: 'here', revision: 1 } },
    });
});

test('who was away takes what was made meanwhile, also where it has counted on further by itself', () => {
  const ours = set({ accessToken: 'access-9', origin: { host: 'here', revision: 20 } });
  const theirs = set({ accessToken: 'access-5', origin: { host: 'b', revision: 5 }, expiresAtMs: login + 7_200_000 });
  const at = (ms: number) => ({ ...follower, nowMs: login + ms });
  expect(reconcile(ours, seen(theirs), at(1_861_000))).toEqual({ kind: 'adopt', tokenSet: theirs });
  // As long as it may be valid, the revision decides; and where theirs has ended as well.
  for (const ms of [0, 1_859_000, 7_141_000])
    expect(reconcile(ours, seen(theirs), at(ms))).toEqual({ kind: 'publish', tokenSet: ours });
  // Another login, whatever its expiry, or what cannot be refreshed, is not preferred for that.
  const before = { ...theirs, loginAtMs: login - 60_000 };
  const { refreshToken, ...unlasting } = theirs;
  expect(refreshToken).toBeDefined();
  for (const other of [before, unlasting])
    expect(reconcile(ours, seen(other), at(1_861_000))).toMatchObject({ kind: 'publish' });
});

test('what was decided holds: after it, there is nothing left to do', () => {
  const sets = [
    set(),
    set({ accessToken: 'access-2', origin: { host: 'b', revision: 3 } }),
    set({ accessToken: 'access-3', origin: { host: 'b', revision: 4 } }),
    unmarked({ accessToken: 'access-4', expiresAtMs: login + 3_600_000 }),
    set({ accessToken: 'access-5', expiresAtMs: login + 3_600_000 }),
    set({ accessToken: 'access-6', loginAtMs: login + 1_000, origin: { host: 'c', revision: 1 } }),
  ];
  for (const held of sets) {
    for (const theirs of sets) {
      const decision = reconcile(held, seen(theirs), leader);
      const agreed = decision.kind === 'nothing' ? held : decision.tokenSet;
      const stored = decision.kind === 'publish' ? decision.tokenSet : theirs;
      expect(reconcile(agreed, seen(stored), leader)).toEqual({ kind: 'nothing' });
    }
  }
});
