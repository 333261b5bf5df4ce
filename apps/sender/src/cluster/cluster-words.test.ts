import type { ClusterReport } from '@token-relay/cluster';
import { expect, test } from 'vitest';
import { awaitedWords, clusterLine, followingWords, ROLE_WORDS } from './cluster-words.ts';

const report = (changes: Partial<ClusterReport>): ClusterReport => ({
  role: 'follower',
  host: 'alpha',
  leader: 'beta',
  sinceMs: 1_762_983_055_000,
  revision: 7,
  sealedWith: 'a1b2c3d4',
  problem: undefined,
  server: 'nats-1:4222',
  ...changes,
});

test.each<[Partial<ClusterReport>, 'info' | 'warn', string]>([
  [{ role: 'leader', leader: 'alpha' }, 'info', 'Cluster: this host leads, and refreshes for all'],
  [{}, 'info', "Cluster: beta leads, and refreshes; tokens come from the cluster's store at nats-1:4222"],
  [{ server: undefined }, 'info', "Cluster: beta leads, and refreshes; tokens come from the cluster's store"],
  [{ leader: undefined }, 'info', 'Cluster: nobody leads yet; the token goes on being served'],
  [
    { role: 'alone', leader: undefined, problem: 'no route' },
    'warn',
    'Cluster: the store is away: no route. This host led last, and goes on refreshing',
  ],
  [
    { role: 'waiting', problem: 'no route' },
    'warn',
    'Cluster: the store is away: no route. beta led last, and goes on refreshing, unless when_isolated is "wait" there; here the present token goes on being served',
  ],
  [
    { role: 'waiting', leader: undefined, problem: undefined },
    'warn',
    'Cluster: the store is away: no reason is known. Whoever led last goes on refreshing, unless when_isolated is "wait" there; here the present token goes on being served',
  ],
  [
    { role: 'single', leader: undefined, problem: 'the rights are missing' },
    'warn',
    'Cluster: the store cannot be used: the rights are missing. This host goes on alone, as a single machine',
  ],
])('%o is logged as %s: %s', (changes, level, message) => {
  expect(clusterLine(report(changes))).toEqual({ level, message });
});

test('a line does not change with what changes all the time, so that it is logged once', () => {
  expect(clusterLine(report({ revision: 8, sinceMs: 1_762_983_999_000 }))).toEqual(clusterLine(report({})));
});

test.each<[string, Partial<ClusterReport>, string]>([
  [
    'a leader is asked there',
    {},
    'beta leads the cluster, and refreshes for all: nothing was refreshed here. Ask there with token-refresh-sender refresh.',
  ],
  [
    'nobody leads, so there is nobody to ask',
    { leader: undefined },
    'Nobody leads the cluster just now: nothing was refreshed here. A host takes the lead when the lease of the last leader has ended, and refreshes what is due; token-refresh-sender cluster status shows which.',
  ],
  [
    'the store is away, and who led last may go on',
    { role: 'waiting' },
    "The cluster's store is away, and this host waits for it: nothing was refreshed here. beta led last, and may go on by itself: ask there with token-refresh-sender refresh.",
  ],
  [
    'the store is away, and nobody else is known to have led',
    { role: 'waiting', leader: undefined },
    "The cluster's store is away, and this host waits for it: nothing was refreshed here. The present token goes on being served.",
  ],
  [
    'this host led last, and is to wait',
    { role: 'waiting', leader: 'alpha' },
    "The cluster's store is away, and this host waits for it: nothing was refreshed here. The present token goes on being served.",
  ],
])('a refresh that was asked for where this host does not refresh: %s', (_, changes, words) => {
  expect(followingWords(report(changes))).toBe(words);
});

test('no host is sent to give up the lead for this one: any other may take it, and without a lease there is none to give up', () => {
  for (const role of ['leader', 'follower', 'waiting'] as const)
    for (const leader of ['beta', undefined]) expect(followingWords(report({ role, leader }))).not.toMatch(/step-down/);
  expect(followingWords(report({ role: 'leader' }))).toContain('lease');
});

test.each<[string, ClusterReport | undefined]>([
  ["the cluster's store, which is not reached yet", undefined],
  ["the cluster's store, which is away", report({ role: 'waiting' })],
  ['beta, which leads the cluster', report({})],
  ['a host of the cluster to lead', report({ leader: undefined })],
])('who has no token waits for %s', (words, known) => {
  expect(awaitedWords(known)).toBe(`waiting for ${words}`);
});

test('every role has words of its own', () => {
  const words = Object.values(ROLE_WORDS);
  expect(new Set(words).size).toBe(words.length);
});
