/** What the parts of the receiver know of the token that is held. */
import type { HeldToken } from '@token-relay/socket';

/** One accepted token, without the token. */
export interface HistoryEntry {
  readonly generation: number;
  /** the first 8 hex digits of the access token's SHA-256 */
  readonly fingerprint: string;
  readonly receivedAtMs: number;
  readonly from: HeldToken['from'];
  /** who sent it, where that is known: `name@address` */
  readonly peer?: string;
  /** absent when the expiry is unknown */
  readonly expiresAtMs?: number;
  /** compared with the refresh token that came before; `none`: the message had none */
  readonly refreshToken: 'none' | 'first' | 'same' | 'changed';
}

export type Freshness =
  | { readonly kind: 'none' }
  | { readonly kind: 'fresh' }
  /** It still works. `no_news`: none came for `stale_after`. `ending`: little of its life is left. */
  | { readonly kind: 'stale'; readonly reason: 'no_news' | 'ending' }
  | { readonly kind: 'expired'; readonly expiredAtMs: number };

/** The token that is held, for those who hand it out. */
export interface TokenHolding {
  /** The newest token, expired or not. May be newer than what the listeners have been told. */
  latest(): HeldToken | undefined;
  freshness(): Freshness;
  /** Newest first, at most `history_size`. */
  history(): readonly HistoryEntry[];
  /** Called with each new token, in order, soon after it was acknowledged. Returns what ends that. */
  onToken(listener: (held: HeldToken) => void): () => void;
  /** Called when the token stops being fresh, or none came at all for `stale_after`, and when it is fresh again. */
  onFreshness(listener: (change: 'stale' | 'recovered') => void): () => void;
}
