import { once } from 'node:events';
import type { Server } from 'node:net';
import { formatAddress, isLoopback, type TokenAddress } from './address.ts';
import { SocketBindError, systemCode } from './bind-error.ts';

/** Throws a SocketBindError `tls_required` for an address that other machines can reach: tokens do not travel in the clear. */
export function requireLoopback(host: string): void {
  if (isLoopback(host)) return;
  throw new SocketBindError(
    'tls_required',
    `A token socket on ${host} would be reachable from other machines without TLS. Set tls, or use 127.0.0.1, ::1 or localhost.`,
  );
}

/**
 * Makes a server listen on an address, which must be loopback for `tcp`, and resolves with it when it does: port 0 takes any free port.
 *
 * Rejects with a SocketBindError.
 */
export async function bindTcpSocket(
  server: Server,
  address: Exclude<TokenAddress, { kind: 'unix' }>,
  backlog: number,
): Promise<TokenAddress> {
  const { kind, host, port } = address;
  if (kind === 'tcp') requireLoopback(host);
  const listening = once(server, 'listening');
  server.listen({ host, port, backlog });
  try {
    await listening;
  } catch (error) {
    throw bindError(formatAddress(address), error);
  }
  const bound = server.address();
  return { kind, host, port: typeof bound === 'object' && bound !== null ? bound.port : port };
}

function bindError(address: string, error: unknown): SocketBindError {
  const code = systemCode(error);
  switch (code) {
    case 'EADDRINUSE':
      return new SocketBindError(
        'address_in_use',
        `Another program is listening on ${address}. Stop it, or choose another port.`,
      );
    case 'EADDRNOTAVAIL':
    case 'ENOTFOUND':
    case 'EAI_AGAIN':
      return new SocketBindError('address_not_available', `This machine has no address for ${address} (${code}).`);
    case 'EACCES':
    case 'EPERM':
      return new SocketBindError(
        'port_not_permitted',
        `This user may not listen on ${address}. Choose a port from 1024 on.`,
      );
    case 'EAFNOSUPPORT':
      return new SocketBindError(
        'address_not_available',
        `${address} could not be opened, because this process may not use TCP (${code}). A service of systemd needs RestrictAddressFamilies=AF_INET AF_INET6 and PrivateNetwork=no for that: see the example receiver-tcp.conf.`,
      );
    default:
      return new SocketBindError('bind_failed', `${address} could not be opened (${code}).`);
  }
}
