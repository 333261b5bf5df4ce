import { connect, Socket } from 'node:net';
import { formatAddress, isLoopback, type TokenAddress } from './address.ts';
import { systemCode } from './bind-error.ts';
import { DeliveryError, deliveryErrorFromSystem } from './delivery-error.ts';
import { exchange, type Link } from './exchange.ts';
import type { TlsMaterial } from './tls-material.ts';
import { refuseUntrustedTarget } from './trusted-target.ts';

export type SendOptions = {
  /** For the whole delivery, from the connect to the reply. */
  timeoutMs: number;
  expectReply: boolean;
  signal?: AbortSignal;
  /** For an address of the kind `unix`, in a folder that anyone may write to: the user whose socket it may be, beside root and this one. */
  socketOwner?: number;
  /** For an address of the kind `tls`. `serverName`: what the receiver's certificate must be for; default the host of the address. */
  tls?: TlsMaterial & { readonly serverName?: string };
};

/**
 * Delivers one message, in one piece. Over TLS, the receiver's certificate is verified before a byte of it is sent; a Unix socket that a stranger may
 * have put there is not connected to.
 *
 * With `expectReply` it resolves when the receiver has answered `OK` (white space around it is accepted), and so holds the
 * token. Without, it ends its side after the message and resolves when the system has taken all of it and the target has closed, or
 * a second later: the target may still not have read it.
 *
 * Rejects with a DeliveryError, and with nothing else.
 */
export async function sendToken(address: TokenAddress, payload: string, options: SendOptions): Promise<void> {
  const name = formatAddress(address);
  if (options.signal?.aborted) throw abortedError(name);
  if (address.kind === 'tcp' && !isLoopback(address.host)) {
    throw new DeliveryError('tls_required', `${name} is another machine, and the token would travel without TLS.`);
  }
  const link = address.kind === 'tls' ? await tlsLink(address, name, options.tls) : plainLink(address, name);
  const { socket } = link;
  return new Promise((resolve, reject) => {
    const settle = (error?: DeliveryError): void => {
      clearTimeout(deadline);
      options.signal?.removeEventListener('abort', onAbort);
      socket.destroy();
      if (error === undefined) resolve();
      else reject(error);
    };
    const onAbort = (): void => settle(abortedError(name));
    const deadline = setTimeout(() => settle(whenOverdue()), options.timeoutMs);
    options.signal?.addEventListener('abort', onAbort);
    socket.on('error', (error) => settle(link.explain(error)));
    const overdue = new DeliveryError('timeout', `${name} did not answer within ${options.timeoutMs} ms.`);
    const whenOverdue = exchange(link, payload, options.expectReply, settle, overdue);
    if (options.signal?.aborted) onAbort();
    else if (address.kind === 'unix') connectToTrusted(socket, address.path, name, options.socketOwner).catch(settle);
  });
}

function abortedError(name: string): DeliveryError {
  return new DeliveryError('aborted', `The delivery to ${name} was aborted.`);
}

/** The delivery may be over, by its deadline or its signal, when the look at the path is. */
async function connectToTrusted(socket: Socket, path: string, name: string, owner: number | undefined): Promise<void> {
  await refuseUntrustedTarget(path, name, owner);
  if (!socket.destroyed) socket.connect({ path });
}

/** One to a Unix socket is not connected yet. */
function plainLink(address: Exclude<TokenAddress, { kind: 'tls' }>, name: string): Link {
  const socket = address.kind === 'unix' ? new Socket() : connect({ host: address.host, port: address.port });
  return { name, socket, ready: 'connect', explain: (error) => deliveryErrorFromSystem(systemCode(error), name) };
}

async function tlsLink(address: { host: string; port: number }, name: string, tls: SendOptions['tls']): Promise<Link> {
  if (tls === undefined) {
    throw new DeliveryError(
      'tls_required',
      `${name} needs a certificate, its key and an authority (tls: cert, key, ca).`,
    );
  }
  const { openTlsLink } = await import('./tls-link.ts');
  return openTlsLink(address, name, tls);
}
