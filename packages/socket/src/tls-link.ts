/** The TLS side of a sender. Imported only when a token goes over TLS: node:tls and what it needs cost memory and time. */
import { isIP } from 'node:net';
import { checkServerIdentity, connect, type TLSSocket } from 'node:tls';
import { systemCode } from './bind-error.ts';
import { DeliveryError, type DeliveryErrorCode, deliveryErrorFromSystem } from './delivery-error.ts';
import type { Link } from './exchange.ts';
import type { TlsMaterial } from './tls-material.ts';

/** Throws a DeliveryError if our certificates cannot be used. */
export function openTlsLink(
  address: { host: string; port: number },
  name: string,
  { cert, key, ca, serverName = address.host }: TlsMaterial & { readonly serverName?: string },
): Link {
  const socket = connectSecurely();
  return {
    name,
    socket,
    ready: 'secureConnect',
    explain: (error) => explain(systemCode(error), socket, name, serverName),
  };

  function connectSecurely(): TLSSocket {
    try {
      return connect({
        host: address.host,
        port: address.port,
        cert,
        key,
        ca,
        minVersion: 'TLSv1.3',
        // TLS names no addresses (RFC 6066, section 3); the certificate is checked for them all the same.
        servername: isIP(serverName) === 0 ? serverName : '',
        checkServerIdentity: (_host, certificate) => checkServerIdentity(serverName, certificate),
      });
    } catch (error) {
      throw new DeliveryError('bad_certificate', `Our certificate for ${name} cannot be used (${systemCode(error)}).`);
    }
  }
}

function explain(errorCode: string, socket: TLSSocket, name: string, serverName: string): DeliveryError {
  // Node's code of what is wrong with the receiver's certificate, whatever its type says; null if it is nothing.
  const problem: unknown = socket.authorizationError;
  if (typeof problem === 'string') return new DeliveryError(...certificateProblem(problem, name, serverName));
  for (const [pattern, code, words] of TLS_ERRORS) {
    if (pattern.test(errorCode)) return new DeliveryError(code, `${name} ${words} (${errorCode}).`);
  }
  return deliveryErrorFromSystem(errorCode, name);
}

function certificateProblem(problem: string, name: string, serverName: string): [DeliveryErrorCode, string] {
  switch (problem) {
    case 'CERT_HAS_EXPIRED':
      return [
        'server_certificate_expired',
        `The certificate of ${name} has expired. Make a new one for that receiver.`,
      ];
    case 'ERR_TLS_CERT_ALTNAME_INVALID':
      return [
        'server_name_mismatch',
        `The certificate of ${name} is not for ${serverName}. Give the receiver one that names it (subjectAltName), or set server_name.`,
      ];
    default:
      return [
        'server_untrusted',
        `The certificate of ${name} is not from an authority that we trust (${problem}). Is it the right receiver, and ca the right file?`,
      ];
  }
}

const TLS_ERRORS: readonly [RegExp, DeliveryErrorCode, string][] = [
  [
    /^ERR_SSL_.*ALERT_(UNKNOWN_CA|BAD_CERTIFICATE|CERTIFICATE_|UNSUPPORTED_CERTIFICATE|ACCESS_DENIED|DECRYPT_ERROR)/,
    'certificate_refused',
    'does not accept our certificate',
  ],
  [/^ERR_SSL_.*(PROTOCOL_VERSION|UNSUPPORTED_PROTOCOL|VERSION_TOO_LOW)/, 'tls_failed', 'does not speak TLS 1.3'],
  [/^ERR_SSL_(WRONG_VERSION_NUMBER|PACKET_LENGTH_TOO_LONG)/, 'tls_failed', 'does not speak TLS'],
  [/^ERR_(SSL|TLS|OSSL)_/, 'tls_failed', 'could not be spoken to over TLS'],
];
