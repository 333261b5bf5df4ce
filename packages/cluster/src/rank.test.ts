import type { TokenSet } from '@token-relay/tokens';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { orderOf } from './rank.ts';

const login = 1_762_983_055_000;
const set = (changes: TokenSet): TokenSet => ({
  accessToken: 'access-1',
  refreshToken: 'refresh-1',
  loginAtMs: login,
  issuedAtMs: login,
  expiresAtMs: login + 1_800_000,
  ...changes,
});
const by = (host: string, revision: number) => ({ origin: { host, revision } });

test.each<[string, TokenSet, TokenSet]>([
  [
    'a newer login, whatever the revisions',
    set({ loginAtMs: login + 1_000, ...by('a', 1) }),
    set({ accessToken: 'other', ...by('b', 99) }),
  ],
  ['a login of a known time', set({}), { accessToken: 'other', refreshToken: 'refresh-1' }],
  [
    'the higher revision, though it ends sooner by these clocks',
    set({ ...by('a', 3), expiresAtMs: 1_000 }),
    set({ accessToken: 'other', ...by('b', 2) }),
  ],
  [
    'the later expiry, where a revision is not known',
    set({ accessToken: 'other', expiresAtMs: login + 1_900_000 }),
    set(by('a', 7)),
  ],
  [
    'the later expiry, where another program changed what the same host had made',
    set({ accessToken: 'other', expiresAtMs: login + 1_900_000, ...by('a', 7) }),
    set(by('a', 7)),
  ],
  [
    'one that can be refreshed, before a newer login that cannot',
    set({}),
    { accessToken: 'other', loginAtMs: login + 86_400_000 },
  ],
  ['an access token, where the other has none', set({}), { refreshToken: 'refresh-1', loginAtMs: login }],
])('newer is %s', (_, newer, older) => {
  expect(orderOf(newer, older)).toBe('newer');
  expect(orderOf(older, newer)).toBe('older');
});

test.each<[string, TokenSet, TokenSet]>([
  ['the same tokens, whatever their marks and times', set(by('a', 3)), set({ ...by('b', 9), expiresAtMs: 1 })],
  ['the same tokens, one without a mark', set({}), set(by('b', 9))],
  ['two refreshes of the same revision by two hosts', set(by('a', 3)), set({ accessToken: 'other', ...by('b', 3) })],
  [
    'logins within one second, which the file cannot tell apart',
    set(by('a', 3)),
    set({ accessToken: 'other', loginAtMs: login + 999, ...by('b', 3) }),
  ],
  [
    'one expiry as two hosts reckon it',
    set({ accessToken: 'other', expiresAtMs: login + 1_801_999 }),
    set({ accessToken: 'another' }),
  ],
])('neither is newer of %s', (_, one, other) => {
  expect(orderOf(one, other)).toBe('same');
  expect(orderOf(other, one)).toBe('same');
});

const token = fc.constantFrom('one', 'two', 'three');
const optional = <Value>(value: fc.Arbitrary<Value>) => fc.option(value, { nil: undefined });
const anySet = fc
  .record({
    accessToken: optional(token),
    refreshToken: optional(token),
    loginAtMs: optional(fc.constantFrom(login, login + 500, login + 1_000)),
    expiresAtMs: optional(fc.integer({ min: login, max: login + 10_000 })),
    origin: optional(fc.record({ host: fc.constantFrom('a', 'b'), revision: fc.integer({ min: 1, max: 3 }) })),
  })
  .map((members) => Object.fromEntries(Object.entries(members).filter(([, value]) => value !== undefined)) as TokenSet);

test('whichever is asked about first, the answer is the same', () => {
  const opposite = { newer: 'older', older: 'newer', same: 'same' } as const;
  fc.assert(
    fc.property(anySet, anySet, (one, other) => {
      expect(orderOf(other, one)).toBe(opposite[orderOf(one, other)]);
      expect(orderOf(one, one)).toBe('same');
    }),
  );
});

test('sets with marks of different hosts have one order: of three, none is newer than what is newer than itself', () => {
  const of = (host: string) =>
    fc.tuple(anySet, fc.integer({ min: 1, max: 3 })).map(([tokenSet, revision]) => ({
      ...tokenSet,
      accessToken: host,
      origin: { host, revision },
    }));
  fc.assert(
    fc.property(of('a'), of('b'), of('c'), (...sets) => {
      for (const one of sets)
        for (const other of sets)
          for (const third of sets)
            if (orderOf(one, other) === 'newer' && orderOf(other, third) === 'newer')
              expect(orderOf(one, third)).toBe('newer');
    }),
    { numRuns: 1_000 },
  );
});
