/** How good the held token is, and when that changes by itself. Pure. */
import type { Freshness } from './held.ts';

/** With no more than this part of its life left, another one should have come. */
const LAST_PART = 1 / 15;
const LONGEST_LAST_PART_MS = 120_000;

export interface Held {
  readonly receivedAtMs: number;
  /** absent when the expiry is unknown */
  readonly expiresAtMs?: number | undefined;
}

export interface FreshnessInput {
  readonly held: Held | undefined;
  /** since when no news has come: when the token came, or the start if there is none */
  readonly newsAtMs: number;
  readonly nowMs: number;
  readonly staleAfterMs: number;
}

export interface FreshnessVerdict {
  readonly freshness: Freshness;
  /** `waiting`: none has come yet, and it is too early to complain */
  readonly mood: 'waiting' | 'fresh' | 'stale';
  /** when to judge again, if nothing comes; absent when only a new token can change anything */
  readonly changesAtMs?: number;
}

export function judgeFreshness({ held, newsAtMs, nowMs, staleAfterMs }: FreshnessInput): FreshnessVerdict {
  const noNewsAtMs = newsAtMs + staleAfterMs;
  if (held === undefined) {
    const freshness = { kind: 'none' } as const;
    return nowMs < noNewsAtMs ? { freshness, mood: 'waiting', changesAtMs: noNewsAtMs } : { freshness, mood: 'stale' };
  }
  const { expiresAtMs } = held;
  if (expiresAtMs !== undefined && nowMs >= expiresAtMs) {
    return { freshness: { kind: 'expired', expiredAtMs: expiresAtMs }, mood: 'stale' };
  }
  const endingAtMs = expiresAtMs === undefined ? undefined : expiresAtMs - lastPartMs(expiresAtMs - held.receivedAtMs);
  const changes = nextAfter(nowMs, [noNewsAtMs, endingAtMs, expiresAtMs]);
  if (endingAtMs !== undefined && nowMs >= endingAtMs) {
    return { freshness: { kind: 'stale', reason: 'ending' }, mood: 'stale', ...changes };
  }
  if (nowMs >= noNewsAtMs) return { freshness: { kind: 'stale', reason: 'no_news' }, mood: 'stale', ...changes };
  return { freshness: { kind: 'fresh' }, mood: 'fresh', ...changes };
}

/** A token that came when it was over, or a clock that was wrong then, leaves no life to take a part of. */
function lastPartMs(lifeMs: number): number {
  return Math.max(0, Math.min(Math.floor(lifeMs * LAST_PART), LONGEST_LAST_PART_MS));
}

function nextAfter(nowMs: number, momentsMs: readonly (number | undefined)[]): { changesAtMs?: number } {
  let changesAtMs = Infinity;
  for (const momentMs of momentsMs) {
    if (momentMs !== undefined && momentMs > nowMs && momentMs < changesAtMs) changesAtMs = momentMs;
  }
  return changesAtMs === Infinity ? {} : { changesAtMs };
}
