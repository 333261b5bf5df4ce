/** The sockets that socket units have opened for the receiver (systemd/token-receiver*.socket), by their names. */
import { ConfigurationError, type ListenFd } from '@token-relay/daemon';

const NAMES = ['token', 'api', 'credential'] as const;
type SocketName = (typeof NAMES)[number];

/** The descriptors of those that are there. What is not there, the receiver makes itself. */
export type InheritedSockets = Readonly<Partial<Record<SocketName, number>>>;

/** @throws ConfigurationError that names the socket, for one that is unknown or comes twice */
export function inheritedSockets(listenFds: readonly ListenFd[]): InheritedSockets {
  const sockets: Partial<Record<SocketName, number>> = {};
  for (const { fd, name } of listenFds) {
    const known = NAMES.find((one) => one === name);
    if (known === undefined) {
      throw new ConfigurationError(
        'config_invalid',
        `systemd has handed over a socket named "${name}" (descriptor ${fd}), and the receiver has no use for it; FileDescriptorName= of the socket unit must be one of ${NAMES.join(', ')}.`,
      );
    }
    if (sockets[known] !== undefined) {
      throw new ConfigurationError(
        'config_invalid',
        `systemd has handed over two sockets named "${name}" (descriptors ${sockets[known]} and ${fd}); one ListenStream= is enough, and Symlinks= of the socket unit gives it a second path.`,
      );
    }
    sockets[known] = fd;
  }
  return sockets;
}
