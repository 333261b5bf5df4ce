import type { ExpiryNotation, TokenMessage } from '@token-relay/protocol';
import type { Arrival } from './address.ts';

/** A token that a receiver holds. `generation` counts the tokens it accepted, from 1. */
export type HeldToken = {
  readonly message: Readonly<TokenMessage>;
  readonly generation: number;
  readonly receivedAtMs: number;
  readonly from: Arrival;
  /** Who sent it, for tls: the name in its certificate and its address, `bot@192.0.2.7`. */
  readonly peer?: string;
};

/** A token as it came: its refresh token included, whether that is kept or not. */
export type ReceivedToken = HeldToken & { readonly expiryNotation: ExpiryNotation };

/** Whether a message says nothing new: then it is acknowledged and changes nothing. */
export function isRepeat(held: HeldToken | undefined, message: TokenMessage): boolean {
  return (
    held !== undefined &&
    held.message.accessToken === message.accessToken &&
    held.message.expiresAtMs === message.expiresAtMs &&
    held.message.refreshToken === message.refreshToken
  );
}

/** A message for those who have no use for its refresh token. */
export function withoutRefreshToken(message: TokenMessage): TokenMessage {
  const { accessToken, refreshToken, expiresAtMs } = message;
  if (refreshToken === undefined) return message;
  return expiresAtMs === undefined ? { accessToken } : { accessToken, expiresAtMs };
}
