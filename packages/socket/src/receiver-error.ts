import type { RejectionCode } from '@token-relay/protocol';
import type { Arrival } from './address.ts';

/** A message that was not taken. `connection_lost`: the peer was gone before its message ended, so it has no reply either. */
export type Rejection = {
  readonly code: RejectionCode | 'connection_lost';
  readonly detail: string;
  readonly from: Arrival;
  /** See HeldToken. */
  readonly peer?: string;
};

/**
 * Something that went wrong in a running receiver and did not stop it.
 *
 * `message_rejected`: see `rejection`. `peer_refused`: someone who may not deliver over TLS. `callback_failed`: a callback threw or
 * rejected; the error itself is not kept, as it may repeat the token that it was called with. `listener_failed`: a connection could not be
 * accepted.
 */
export type TokenReceiverErrorCode = 'message_rejected' | 'peer_refused' | 'callback_failed' | 'listener_failed';

export class TokenReceiverError extends Error {
  override readonly name = 'TokenReceiverError';
  readonly code: TokenReceiverErrorCode;
  readonly rejection?: Rejection;

  constructor(code: TokenReceiverErrorCode, message: string, rejection?: Rejection) {
    super(message);
    this.code = code;
    if (rejection !== undefined) this.rejection = rejection;
  }
}
