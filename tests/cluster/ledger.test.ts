/** A run whose judge finds nothing has shown nothing: what the judges say of made-up runs. */
import { expect, test } from 'vitest';
import { earlyRefreshes, Ledger, madeBeside, stepsBack } from './ledger.ts';

/** @param line `a12`: host a gets a token at second 12; `A12`: on its own; `+a12`: by a login */
function ledgerOf(...lines: readonly string[]) {
  let nowMs = 0;
  let isOwn = false;
  const ledger = new Ledger({ nowMs: () => nowMs, isOnItsOwn: () => isOwn });
  for (const line of lines) {
    const [, plus = '', host = '', second = ''] = /^(\+?)(\w)(\d+)$/.exec(line) ?? [];
    nowMs = Number(second) * 1_000;
    isOwn = host !== host.toLowerCase();
    ledger.issued({ host: host.toLowerCase(), isLogin: plus === '+', fingerprint: line, lifeMs: 45_000 });
  }
  const received = (...fingerprints: readonly string[]) =>
    fingerprints.flatMap((fingerprint) => ledger.find(fingerprint) ?? []);
  return { ledger, received };
}

test('an older token after a newer one is a step back', () => {
  const { received } = ledgerOf('+a0', 'a12', 'b24');
  expect(stepsBack(received('+a0', 'a12', 'b24'))).toEqual([]);
  expect(stepsBack(received('+a0', 'b24', 'a12'))).toHaveLength(1);
});

test('between two lines of refresh there is none, but from a newer login to an older one', () => {
  const { received } = ledgerOf('+a0', 'b12', 'A13', '+c14', 'A25');
  expect(stepsBack(received('+a0', 'A13', 'b12'))).toEqual([]);
  expect(stepsBack(received('b12', '+c14', 'A13'))).toHaveLength(1);
});

test('a refresh before a period is over is early, in the line that all share and beside it', () => {
  const early = (...lines: readonly string[]) =>
    earlyRefreshes(ledgerOf(...lines).ledger.issues, 10_000).map(({ fingerprint }) => fingerprint);
  expect(early('+a0', 'a12', 'b24', 'b36')).toEqual([]);
  expect(early('+a0', 'a12', 'b14', 'b26')).toEqual(['b14']);
  expect(early('+a0', 'a12', 'b24', 'A25', 'b36', 'A37')).toEqual([]);
  expect(early('+a0', 'b24', 'A25', 'A30', 'b36')).toEqual(['A30']);
  // Nobody leads: it goes on with the one line.
  expect(early('+a0', 'a12', 'A24', 'A30')).toEqual(['A30']);
});

test('a host on its own refreshes beside a leader, or in its place', () => {
  const beside = (...lines: readonly string[]) =>
    [...madeBeside(ledgerOf(...lines).ledger.issues, 10_000)].map(({ fingerprint }) => fingerprint);
  expect(beside('+a0', 'a12', 'A24', 'b36')).toEqual([]);
  expect(beside('+a0', 'a12', 'A24', 'b26')).toEqual(['A24']);
});
