/** How long to wait before the servers are tried again. Pure. */
import type { StoreFault } from '../store.ts';

/** Between these, half of it random, doubled for each failure in a row. */
const AFTER_MS = { least: 250, most: 5_000 } as const;
/** What a person has to change is looked at this often. */
const UNUSABLE_MS = 15_000;
/** A session that ended sooner is one more failure: servers that have just started take connections, and answer nothing yet. */
const STEADY_MS = 5_000;

/** @param sessionMs how long the last session lasted; undefined: there was none */
export function failuresInARow(before: number, sessionMs: number | undefined): number {
  return sessionMs !== undefined && sessionMs >= STEADY_MS ? 1 : before + 1;
}

/** @param failures in a row, with this one */
export function reconnectAfterMs(fault: StoreFault, failures: number, random: () => number): number {
  if (fault.kind === 'unusable') return UNUSABLE_MS;
  const cap = Math.min(AFTER_MS.most, AFTER_MS.least * 2 ** Math.min(failures - 1, 16));
  return cap / 2 + (random() * cap) / 2;
}
