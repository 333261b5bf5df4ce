import { expect, test } from 'vitest';
import { failuresInARow, reconnectAfterMs } from './reconnect.ts';

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
