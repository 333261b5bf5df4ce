import { once } from 'node:events';
import type { Server } from 'node:net';
import { connect, type ConnectionOptions, type TLSSocket } from 'node:tls';
import { onTestFinished } from 'vitest';
import {
  type PeerRefusal,
  type SendOptions,
  type TlsMaterial,
  TokenReceiver,
  type TokenReceiverOptions,
} from '../src/index.ts';
import { Certificates, EXPIRED, NOT_YET } from './certificates.ts';

export type TlsAddress = { kind: 'tls'; host: string; port: number };

export const files: Certificates = new Certificates();

/** Once for a file of tests, before them. */
export function makeCertificates(): void {
  files.authority('ca');
  files.authority('other-ca');
  files.certificate('receiver', 'ca');
  files.certificate('bot', 'ca');
  files.certificate('nameless', 'ca', { commonName: '' });
  files.certificate('rude', 'ca', { commonName: 'bot\\\n\u001b[31m' });
  files.certificate('for-servers', 'ca', { usage: 'serverAuth' });
  files.certificate('stranger', 'other-ca', { commonName: 'bot' });
  files.certificate('expired', 'ca', { dates: EXPIRED });
  files.certificate('too-early', 'ca', { dates: NOT_YET });
  files.certificate('elsewhere', 'ca', { alternatives: 'DNS:elsewhere.example,IP:192.0.2.7' });
}

/** What someone who has this certificate uses. */
export const as = (name: string, authority = 'ca'): TlsMaterial => files.material(name, authority);

/** Someone with a certificate of another authority, who trusts ours. */
export const asStranger = (): TlsMaterial => ({ ...as('stranger', 'other-ca'), ca: as('bot').ca });

/** A receiver on TLS that is stopped when the test is over. */
export async function tlsReceiver(
  options: TokenReceiverOptions = {},
): Promise<{ receiver: TokenReceiver; address: TlsAddress }> {
  const receiver = new TokenReceiver({ tcpPort: 0, tls: as('receiver'), ...options });
  onTestFinished(() => receiver.stop());
  const address = (await receiver.start()).find(({ kind }) => kind === 'tls');
  if (address?.kind !== 'tls') throw new Error('it does not listen over TLS');
  return { receiver, address };
}

export const sendOptions = (tls: SendOptions['tls']): SendOptions => ({
  timeoutMs: 10_000,
  expectReply: true,
  ...(tls === undefined ? {} : { tls }),
});

/** The error of a delivery, or `delivered`. */
export const failure = (delivery: Promise<void>): Promise<unknown> =>
  delivery.then(
    () => 'delivered',
    (error: unknown) => error,
  );

export function nextRefusal(receiver: TokenReceiver): Promise<PeerRefusal> {
  return new Promise((resolve) => {
    const off = receiver.onPeerRefused((refusal) => {
      off();
      resolve(refusal);
    });
  });
}

/** A TLS client that says what it likes. */
export function tlsClient({ host, port }: TlsAddress, options: ConnectionOptions): TLSSocket {
  const socket = connect({ host, port, allowHalfOpen: true, ...options } as ConnectionOptions);
  socket.on('error', () => undefined);
  onTestFinished(() => void socket.destroy());
  return socket;
}

/** Makes a target listen until the test is over. */
export async function listening(server: Server): Promise<TlsAddress> {
  onTestFinished(() => void server.close());
  await once(server.listen(0, '127.0.0.1'), 'listening');
  return { kind: 'tls', host: '127.0.0.1', port: (server.address() as { port: number }).port };
}
