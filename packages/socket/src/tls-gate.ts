/** The TLS side of a receiver. Imported only when TLS is configured: node:tls and what it needs cost memory and start-up time. */
import { constants } from 'node:crypto';
import type { Socket } from 'node:net';
import { createServer, type SecureContextOptions, type Server, type TLSSocket } from 'node:tls';
import { systemCode } from './bind-error.ts';
import type { Connection } from './connection.ts';
import type { PeerRefusal } from './peer-refusal.ts';
import { type TlsMaterial, TlsMaterialError } from './tls-material.ts';
import { HANDSHAKE_TIMEOUT, judgeHandshake, judgePeer, type PeerFacts, printableName } from './tls-peer.ts';

/** A connection whose handshake is going on. */
type Handshake = { readonly connection: Connection; readonly address: string };

/**
 * Makes the handshakes of accepted connections, and lets those go on to their message whose certificate may.
 *
 * Node is told not to reject others by itself: it would close the connection without a word, and a TLS 1.3 client, which has
 * finished its handshake by then, could not tell that from a receiver that died. So `judgePeer` decides, before a byte of the message is
 * looked at, and the sender is answered `ERROR not_authorized`.
 */
export class TlsGate {
  readonly #server: Server;
  readonly #onRefused: (refusal: PeerRefusal) => void;
  readonly #handshakes = new Map<string, Handshake>();
  #clients: readonly string[] | undefined;

  /** Throws a TlsMaterialError. */
  constructor(material: TlsMaterial, onRefused: (refusal: PeerRefusal) => void) {
    this.#onRefused = onRefused;
    this.#server = usable(() =>
      createServer({ ...contextOptions(material), requestCert: true, rejectUnauthorized: false }),
    );
    this.#clients = material.clients;
    this.#server.on('secureConnection', (socket) => this.#secured(socket));
    this.#server.on('tlsClientError', (error, socket) => this.#failed(systemCode(error), socket));
  }

  /** For the handshakes that begin from now on. Throws a TlsMaterialError, and then all stays as it was. */
  reload(material: TlsMaterial): void {
    usable(() => this.#server.setSecureContext(contextOptions(material)));
    this.#clients = material.clients;
  }

  /** `raw` must not be half-open: in a handshake, a peer that ends its side is gone. */
  admit(raw: Socket, connection: Connection): void {
    if (raw.remoteAddress === undefined) {
      connection.drop();
      return;
    }
    const endpoints = endpointsOf(raw);
    const handshake = { connection, address: plainAddress(raw.remoteAddress) };
    this.#handshakes.set(endpoints, handshake);
    raw.once('close', () => {
      if (this.#handshakes.get(endpoints) === handshake) this.#handshakes.delete(endpoints);
    });
    connection.awaitHandshake(() => this.#onRefused({ address: handshake.address, ...HANDSHAKE_TIMEOUT }));
    this.#server.emit('connection', raw);
  }

  #secured(socket: TLSSocket): void {
    const handshake = this.#finish(socket);
    if (handshake === undefined) {
      // The peer is gone, and the connection is about to learn of it.
      socket.destroy();
      return;
    }
    const { connection, address } = handshake;
    const facts = factsAbout(socket);
    const name = printableName(facts.name ?? '');
    connection.secured(socket, { from: 'tls', peer: `${name}@${address}` });
    const verdict = judgePeer(facts, this.#clients);
    if (verdict.admitted) {
      connection.read();
    } else {
      this.#onRefused({ code: verdict.code, address, ...(name === '' ? {} : { name }), reason: verdict.reason });
      connection.turnAway({ kind: 'error', code: 'not_authorized' });
    }
  }

  #failed(errorCode: string, socket: TLSSocket): void {
    const verdict = judgeHandshake(errorCode);
    if (verdict === undefined) return;
    const handshake = this.#finish(socket);
    if (handshake === undefined) return;
    this.#onRefused({ address: handshake.address, ...verdict });
    handshake.connection.drop();
  }

  #finish(socket: TLSSocket): Handshake | undefined {
    const endpoints = endpointsOf(socket);
    const handshake = this.#handshakes.get(endpoints);
    this.#handshakes.delete(endpoints);
    return handshake;
  }
}

function contextOptions({ cert, key, ca }: TlsMaterial): SecureContextOptions {
  // Without session tickets every connection shows its certificate: one that has expired or was replaced does not live on in a session.
  return { cert, key, ca, minVersion: 'TLSv1.3', secureOptions: constants.SSL_OP_NO_TICKET };
}

function usable<T>(make: () => T): T {
  try {
    return make();
  } catch (error) {
    throw new TlsMaterialError('unusable', `The certificates cannot be used for TLS (${systemCode(error)}).`);
  }
}

/** No two connections have the same at the same time. Node gives the socket of a handshake no other link to the one it runs over. */
function endpointsOf({ remoteAddress, remotePort, localAddress, localPort }: Socket): string {
  return [remoteAddress, remotePort, localAddress, localPort].join(' ');
}

/** A server that listens on both kinds of IP shows IPv4 addresses as IPv6 ones. */
function plainAddress(address: string): string {
  return address.replace(/^::ffff:(?=\d+\.)/, '');
}

function factsAbout(socket: TLSSocket): PeerFacts {
  const certificate = socket.getPeerX509Certificate();
  const name = certificate?.toLegacyObject().subject.CN;
  return {
    authorized: socket.authorized,
    // A code, whatever its type says.
    problem: String(socket.authorizationError),
    hasCertificate: certificate !== undefined,
    ...(typeof name === 'string' ? { name } : {}),
  };
}
