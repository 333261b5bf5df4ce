/**
 * Why there is no token:
 * - `receiver_not_running`: nobody listens at the socket, or the connection to the receiver was lost
 * - `denied`: this user may not connect to the socket
 * - `socket_path_unusable`: the path is too long, or it is in a folder where other users could stand in for the receiver
 * - `bad_answer`: whoever listens there does not speak the receiver's interface
 * - `receiver_busy`: the receiver has no room for one more reader
 * - `token_not_found`: the receiver runs, and no sender has delivered a token to it
 * - `token_expired`: the receiver runs, and the token that it handed out last has expired
 * - `timeout`: the receiver has not answered yet
 * - `too_many_waiting`: 10 000 calls wait already
 * - `closed`: by `close()`
 */
export type TokenClientErrorCode =
  | 'receiver_not_running'
  | 'denied'
  | 'socket_path_unusable'
  | 'bad_answer'
  | 'receiver_busy'
  | 'token_not_found'
  | 'token_expired'
  | 'timeout'
  | 'too_many_waiting'
  | 'closed';

/** A reason without the stack of an error: one is made for each call that fails. */
export interface Problem {
  readonly code: TokenClientErrorCode;
  /** What happened, to which socket, and what to do now. Never holds a token. */
  readonly message: string;
}

const NEEDS_SOMEONE: readonly TokenClientErrorCode[] = ['denied', 'socket_path_unusable', 'bad_answer', 'closed'];

/** The one error class of this package. */
export class TokenClientError extends Error {
  override readonly name = 'TokenClientError';
  readonly code: TokenClientErrorCode;
  /** Whether the same call can succeed later with nothing changed in this program or its rights. */
  readonly retryable: boolean;

  constructor({ code, message }: Problem) {
    super(message);
    this.code = code;
    this.retryable = !NEEDS_SOMEONE.includes(code);
  }
}
