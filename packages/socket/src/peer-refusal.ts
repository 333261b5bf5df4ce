/**
 * Why someone may not deliver over TLS.
 *
 * `no_certificate`, `untrusted` (not from our authority), `expired`, `not_yet_valid`: the certificate. `name_not_permitted`: the
 * certificate is good and its name is not among `clients`. `not_tls`: something else than TLS was spoken. `tls_too_old`: below TLS
 * 1.3. `distrusts_us`: it did not accept our certificate. `handshake_timeout`: it began and did not finish in time.
 * `handshake_failed`: anything else.
 */
export type PeerRefusalCode =
  | 'no_certificate'
  | 'untrusted'
  | 'expired'
  | 'not_yet_valid'
  | 'name_not_permitted'
  | 'not_tls'
  | 'tls_too_old'
  | 'distrusts_us'
  | 'handshake_timeout'
  | 'handshake_failed';

/** Someone who was turned away. */
export type PeerRefusal = {
  readonly code: PeerRefusalCode;
  /** Without the port. */
  readonly address: string;
  /** What its certificate calls it, which proves nothing unless the code is `name_not_permitted`. */
  readonly name?: string;
  /** For people: what was wrong, and what helps. */
  readonly reason: string;
};
