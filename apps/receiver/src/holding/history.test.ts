import type { HeldToken } from '@token-relay/socket';
import { fingerprint } from '@token-relay/tokens';
import { expect, test } from 'vitest';
import { TokenHistory } from './history.ts';

const held = (generation: number, expiresAtMs?: number): HeldToken => ({
  message: { accessToken: `made-up-${generation}`, ...(expiresAtMs === undefined ? {} : { expiresAtMs }) },
  generation,
  receivedAtMs: generation * 1_000,
  from: 'unix',
});
const generations = (history: TokenHistory): number[] => history.entries().map(({ generation }) => generation);

test('the newest come first, as fingerprints, and no more than the size', () => {
  const history = new TokenHistory(3);
  for (let generation = 1; generation <= 5; generation += 1) history.add(held(generation, 9_000), undefined);
  expect(generations(history)).toEqual([5, 4, 3]);
  expect(history.entries()[0]).toEqual({
    generation: 5,
    fingerprint: fingerprint('made-up-5'),
    receivedAtMs: 5_000,
    from: 'unix',
    expiresAtMs: 9_000,
    refreshToken: 'none',
  });
  expect(JSON.stringify(history.entries())).not.toContain('made-up');
});

test('a size of 0 remembers nothing', () => {
  const history = new TokenHistory(0);
  history.add(held(1), 'made-up-refresh');
  expect(history.entries()).toEqual([]);
  expect(history.json((entry) => entry)).toBe('[]');
});

test('the refresh token: first, same, changed, none, and a message without one forgets nothing', () => {
  const history = new TokenHistory(10);
  ['made-up-r1', 'made-up-r1', undefined, 'made-up-r1', 'made-up-r2'].forEach((refreshToken, index) => {
    history.add(held(index + 1), refreshToken);
  });
  expect(history.entries().map(({ refreshToken }) => refreshToken)).toEqual([
    'changed',
    'same',
    'none',
    'same',
    'first',
  ]);
  expect(history.refreshFingerprint).toBe(fingerprint('made-up-r2'));
});

test('it goes on from what an earlier process remembered, and forgets the oldest of it first', () => {
  const before = new TokenHistory(10);
  for (const generation of [1, 2, 3]) before.add(held(generation), 'made-up-r1');
  const history = new TokenHistory(4, before.entries(), before.refreshFingerprint);
  expect(generations(history)).toEqual([3, 2, 1]);
  history.add(held(4), 'made-up-r1');
  history.add(held(5), undefined);
  expect(generations(history)).toEqual([5, 4, 3, 2]);
  expect(history.entries()[1]?.refreshToken).toBe('same');
  expect(generations(new TokenHistory(2, before.entries()))).toEqual([3, 2]);
});

test('as JSON it is what its entries are, also after it was asked before', () => {
  const history = new TokenHistory(3);
  for (const generation of [1, 2, 3, 4, 5]) {
    history.add(held(generation), undefined);
    expect(JSON.parse(history.json((entry) => entry))).toEqual(history.entries());
  }
});
