import type { RejectionCode } from '@token-relay/protocol';

/** A message that was not taken. `connection_lost`: the peer was gone before its message ended, so it has no reply either. */
export type Rejection = {
  readonly code: RejectionCode | 'connection_lost';
  readonly detail: string;
  readonly from: 'unix' | 'tcp';
};

/**
 * Something that went wrong in a running receiver and did not stop it.
 *
 * `message_rejected`: see `rejection`. `callback_failed`: a callback threw or rejected; the error itself is not kept, as it may
 * repeat the token that it was called with. `listener_failed`: a connection could not be accepted.
 */
export class TokenReceiverError extends Error {
  override readonly name = 'TokenReceiverError';
  readonly code: 'message_rejected' | 'callback_failed' | 'listener_failed';
  readonly rejection?: Rejection;

  constructor(
    code: 'message_rejected' | 'callback_failed' | 'listener_failed',
    message: string,
    rejection?: Rejection,
  ) {
    super(message);
    this.code = code;
    if (rejection !== undefined) this.rejection = rejection;
  }
}
