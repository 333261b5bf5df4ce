import { expect, test } from 'vitest';
import type { StoreFault } from '../store.ts';
import { failuresInARow, reconnectAfterMs, worseOf } from './reconnect.ts';

const away = { kind: 'away', reason: 'no answer' } as const;

test('who loses a steady connection is back at once', () => {
  expect(failuresInARow(7, 60_000)).toBe(1);
  expect(reconnectAfterMs(away, 1, () => 1)).toBe(250);
});

test.each([undefined, 20])('servers that let nobody stay (%s ms) are tried ever less often: no flood', (sessionMs) => {
  let failures = 0;
  let tries = 0;
  for (let atMs = 0; atMs < 60_000; tries += 1) {
    failures = failuresInARow(failures, sessionMs);
    atMs += reconnectAfterMs(away, failures, () => 0);
  }
  expect(tries).toBeLessThan(30);
});

test('it never waits longer than 5 s, and full 15 s for what a person has to change', () => {
  expect(reconnectAfterMs(away, 1_000, () => 1)).toBe(5_000);
  expect(reconnectAfterMs({ kind: 'unusable', reason: 'no rights' }, 1, () => 0)).toBe(15_000);
});

const unusable: StoreFault = { kind: 'unusable', reason: 'too old' };
const ours: StoreFault = { kind: 'unusable', reason: 'our certificate has ended', isOurs: true };

test.each<[string, StoreFault | undefined, StoreFault, StoreFault]>([
  ['one server', undefined, away, away],
  ['both down', away, away, away],
  ['one down, one too old: that passes, and says what to do', away, unusable, { kind: 'away', reason: 'too old' }],
  ['the other way round', unusable, away, { kind: 'away', reason: 'too old' }],
  ['both too old', unusable, unusable, unusable],
  ['one down, and one does not take our certificate', away, ours, ours],
  ['the other way round', ours, away, ours],
  ['one too old, and one does not take our certificate', unusable, ours, ours],
])('of several servers, %s', (_, one, other, outcome) => {
  expect(worseOf(one, other)).toEqual(outcome);
});
