/**
 * Why a token was not delivered.
 *
 * `not_found`: nothing at the path. `no_listener`: nobody listens there. `backlog_full`: too many are waiting to be accepted.
 * `timeout`: not finished within the deadline. `connection_lost`: the peer closed or reset it before the token was sent.
 * `no_reply`: the peer closed without a word. `unreachable`: no way to the host. `connect_failed`: anything else.
 * `refused`: the receiver said no, see `replyCode`. `bad_reply`: it said something that is not a reply. `denied`: this user may not connect.
 * `untrusted_socket`: anyone may have put it there; the token was not sent.
 * `tls_required`: other machines could read along, or there is no certificate to speak TLS with. `aborted`: by the caller's signal.
 *
 * Over TLS: `server_untrusted` (not from our authority), `server_certificate_expired`, `server_name_mismatch`: the receiver's
 * certificate; the token was not sent. `certificate_refused`: the receiver does not accept ours; `bad_certificate`: it cannot be used at
 * all. `tls_failed`: the receiver does not speak TLS 1.3, or not in a way that can be understood.
 */
export type DeliveryErrorCode =
  | 'not_found'
  | 'no_listener'
  | 'backlog_full'
  | 'timeout'
  | 'connection_lost'
  | 'no_reply'
  | 'unreachable'
  | 'connect_failed'
  | 'refused'
  | 'bad_reply'
  | 'denied'
  | 'untrusted_socket'
  | 'tls_required'
  | 'aborted'
  | 'server_untrusted'
  | 'server_certificate_expired'
  | 'server_name_mismatch'
  | 'certificate_refused'
  | 'bad_certificate'
  | 'tls_failed';

/** These stay as they are until somebody changes a setting, a file or a certificate. */
const NOT_RETRYABLE: readonly DeliveryErrorCode[] = [
  'bad_reply',
  'denied',
  'untrusted_socket',
  'tls_required',
  'aborted',
  'server_untrusted',
  'server_certificate_expired',
  'server_name_mismatch',
  'certificate_refused',
  'bad_certificate',
  'tls_failed',
];

/** Refusals that are about the moment and not about the message. */
const PASSING_REPLY_CODES: readonly (string | undefined)[] = ['busy', 'timeout'];

export class DeliveryError extends Error {
  override readonly name = 'DeliveryError';
  readonly code: DeliveryErrorCode;
  /** Whether the same delivery may succeed when it is tried again. */
  readonly retryable: boolean;
  /** What the receiver refused it with, for `refused` and `certificate_refused`: a RejectionCode from ours, any plain word from others. */
  readonly replyCode?: string;

  constructor(code: DeliveryErrorCode, message: string, replyCode?: string) {
    super(message);
    this.code = code;
    this.retryable = code === 'refused' ? PASSING_REPLY_CODES.includes(replyCode) : !NOT_RETRYABLE.includes(code);
    if (replyCode !== undefined) this.replyCode = replyCode;
  }
}

/** The error for one that the system reported on a connection to this address. */
export function deliveryErrorFromSystem(systemCode: string, address: string): DeliveryError {
  switch (systemCode) {
    case 'ENOENT':
    case 'ENOTDIR':
      return new DeliveryError('not_found', `There is no socket at ${address}. Is the receiver running?`);
    case 'ECONNREFUSED':
      return new DeliveryError('no_listener', `Nobody is listening on ${address}. Is the receiver running?`);
    case 'EAGAIN':
      return new DeliveryError('backlog_full', `Too many connections are waiting on ${address}. Raise its backlog.`);
    case 'EACCES':
    case 'EPERM':
      return new DeliveryError('denied', `This user may not connect to ${address}. See the socket's mode and group.`);
    case 'ECONNRESET':
    case 'EPIPE':
      return new DeliveryError('connection_lost', `${address} closed the connection before it had the token.`);
    case 'ENOTFOUND':
    case 'EAI_AGAIN':
    case 'EHOSTUNREACH':
    case 'ENETUNREACH':
    case 'ETIMEDOUT':
      return new DeliveryError('unreachable', `${address} cannot be reached (${systemCode}).`);
    default:
      return new DeliveryError('connect_failed', `The connection to ${address} failed (${systemCode}).`);
  }
}
