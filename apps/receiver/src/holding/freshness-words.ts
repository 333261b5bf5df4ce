/** What the log and the hooks say of a change of freshness. Pure. */
import type { Freshness } from './held.ts';

const SEE = 'See: token-refresh-sender status';

/** @param waitedMs how long it is since the last news */
export function staleWords(freshness: Freshness, waitedMs: number): string {
  switch (freshness.kind) {
    case 'none':
      return `No token has come in ${time(waitedMs)} since the start. Is token-refresh-sender running, and does it deliver here? ${SEE}`;
    case 'stale':
      return freshness.reason === 'no_news'
        ? `No new token has come for ${time(waitedMs)}; the present one still works. ${SEE}`
        : `The token is about to expire, and no new one has come for ${time(waitedMs)}. ${SEE}`;
    case 'expired':
      return `The token expired at ${new Date(freshness.expiredAtMs).toISOString()}, and no new one has come. ${SEE}`;
    case 'fresh':
      return RECOVERED_WORDS;
  }
}

export const RECOVERED_WORDS = 'The token is fresh again';

/** Minutes; of less than two, seconds; of less than one of those, milliseconds. */
function time(ms: number): string {
  if (ms < 1_000) return `${Math.max(0, Math.round(ms))} ms`;
  const seconds = Math.round(ms / 1_000);
  if (seconds < 120) return seconds === 1 ? '1 second' : `${seconds} seconds`;
  return `${Math.round(ms / 60_000)} minutes`;
}
