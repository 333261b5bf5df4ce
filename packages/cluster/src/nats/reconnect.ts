/** What it comes to that several servers cannot be had, and how long to wait before they are tried again. Pure. */
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

/**
 * Of several servers: what is this host's own fault is so with each of them, and no server that is down hides it. Else, as
 * long as one is only away, it passes; what a person has to change is worth more words.
 */
export function worseOf(one: StoreFault | undefined, other: StoreFault): StoreFault {
  if (one === undefined) return other;
  const ours = [one, other].find((fault) => fault.kind === 'unusable' && fault.isOurs === true);
  if (ours !== undefined) return ours;
  const reason = one.kind === 'unusable' ? one.reason : other.reason;
  return { kind: one.kind === 'away' || other.kind === 'away' ? 'away' : 'unusable', reason };
}
