/** What `GET /v1/history` answers. Pure. */
import type { HistoryEntry } from '../holding/held.ts';
import type { HistoryView } from './token-schemas.ts';

export function historyView(entries: readonly HistoryEntry[]): HistoryView {
  return {
    tokens: entries.map(({ generation, fingerprint, receivedAtMs, from, peer, expiresAtMs, refreshToken }) => ({
      generation,
      fingerprint,
      received_at: new Date(receivedAtMs).toISOString(),
      from,
      ...(peer === undefined ? {} : { peer }),
      ...(expiresAtMs === undefined ? {} : { expires_at: new Date(expiresAtMs).toISOString() }),
      refresh_token: refreshToken,
    })),
  };
}
