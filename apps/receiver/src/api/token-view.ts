/** What a reader is told about the token that is held. Pure. */
import type { HeldToken } from '@token-relay/socket';
import type { TokenView } from './token-schemas.ts';

export type TokenLookup =
  | { readonly kind: 'valid'; readonly held: HeldToken }
  | { readonly kind: 'expired'; readonly expiredAtMs: number }
  | { readonly kind: 'none' };

export function lookUp(held: HeldToken | undefined, nowMs: number): TokenLookup {
  if (held === undefined) return { kind: 'none' };
  const { expiresAtMs } = held.message;
  return expiresAtMs !== undefined && expiresAtMs <= nowMs
    ? { kind: 'expired', expiredAtMs: expiresAtMs }
    : { kind: 'valid', held };
}

export function tokenView(held: HeldToken, nowMs: number): TokenView {
  const { accessToken, expiresAtMs } = held.message;
  return {
    access_token: accessToken,
    token_type: 'Bearer',
    ...(expiresAtMs === undefined
      ? {}
      : { expires_at: Math.floor(expiresAtMs / 1_000), expires_in: Math.floor((expiresAtMs - nowMs) / 1_000) }),
    generation: held.generation,
    received_at: Math.floor(held.receivedAtMs / 1_000),
  };
}
