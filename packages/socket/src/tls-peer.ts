/** Who may deliver over TLS, and what those are told who may not. Decides only. */
import type { PeerRefusalCode } from './peer-refusal.ts';

/** What a finished handshake says about the peer. */
export type PeerFacts = {
  /** Whether its certificate was verified against our authority. */
  authorized: boolean;
  /** Node's code for why it was not. */
  problem?: string;
  hasCertificate: boolean;
  /** The certificate's common name, as it stands there. */
  name?: string;
};

export type PeerVerdict = { admitted: true } | { admitted: false; code: PeerRefusalCode; reason: string };

/** `clients`: the names that may connect; without it, everyone whose certificate is from our authority. */
export function judgePeer(peer: PeerFacts, clients: readonly string[] | undefined): PeerVerdict {
  if (!peer.hasCertificate) {
    return refused(
      'no_certificate',
      'it showed no certificate. Give the sender one from this authority (tls: cert, key)',
    );
  }
  if (!peer.authorized) return refused(...certificateProblem(peer.problem ?? 'no reason given'));
  if (clients !== undefined && (peer.name === undefined || !clients.includes(peer.name))) {
    return refused(
      'name_not_permitted',
      'its certificate is good, but its name is not among those that may connect (tls: clients)',
    );
  }
  return { admitted: true };
}

function certificateProblem(code: string): [PeerRefusalCode, string] {
  switch (code) {
    case 'CERT_HAS_EXPIRED':
      return ['expired', 'its certificate has expired. Make a new one for the sender'];
    case 'CERT_NOT_YET_VALID':
      return ['not_yet_valid', 'its certificate is not valid yet. Look at the clocks of both machines'];
    default:
      return [
        'untrusted',
        `its certificate is not one of our authority's for clients (${code}). Sign it with the authority in tls: ca`,
      ];
  }
}

/**
 * What a handshake came to that failed with this error code of Node or OpenSSL. Undefined if the connection just ended: port scans and
 * health checks do that.
 */
export function judgeHandshake(errorCode: string): { code: PeerRefusalCode; reason: string } | undefined {
  if (!errorCode.startsWith('ERR_')) return undefined;
  if (errorCode === 'ERR_TLS_HANDSHAKE_TIMEOUT') return HANDSHAKE_TIMEOUT;
  for (const [pattern, code, reason] of HANDSHAKE_ERRORS) {
    if (pattern.test(errorCode)) return { code, reason };
  }
  return { code: 'handshake_failed', reason: `the TLS handshake failed (${errorCode})` };
}

export const HANDSHAKE_TIMEOUT: { code: PeerRefusalCode; reason: string } = {
  code: 'handshake_timeout',
  reason: 'it did not finish the TLS handshake in time',
};

const HANDSHAKE_ERRORS: readonly [RegExp, PeerRefusalCode, string][] = [
  [
    /WRONG_VERSION_NUMBER|HTTP_REQUEST|HTTPS_PROXY_REQUEST|PACKET_LENGTH_TOO_LONG|RECORD_TOO_SMALL/,
    'not_tls',
    'it spoke without TLS. Set tls for this target in the sender',
  ],
  [/UNSUPPORTED_PROTOCOL|VERSION_TOO_LOW/, 'tls_too_old', 'it does not speak TLS 1.3'],
  [
    /ALERT_(UNKNOWN_CA|BAD_CERTIFICATE|CERTIFICATE_|UNSUPPORTED_CERTIFICATE|ACCESS_DENIED)/,
    'distrusts_us',
    'it does not accept the certificate of this receiver. Look at the date and the names of the certificate, and at the authority that the sender trusts',
  ],
];

function refused(code: PeerRefusalCode, reason: string): PeerVerdict {
  return { admitted: false, code, reason };
}

/** A name that someone else chose, for a log: short, and in one line. */
export function printableName(name: string): string {
  return name.replaceAll(/[\p{C}\p{Zl}\p{Zp}]/gu, '?').slice(0, 64);
}
