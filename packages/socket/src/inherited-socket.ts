import { once } from 'node:events';
import type { Server } from 'node:net';
import { SocketBindError, systemCode } from './bind-error.ts';
import type { UnixSocketClaim } from './unix-socket.ts';

/**
 * Makes a server (also one of node:http) serve a Unix socket that another program has opened and listens on already, such as systemd for
 * a socket unit. `fd` is its descriptor, `path` the name to call it by. Its file belongs to whoever made it: `release` does nothing. When the
 * server closes, the descriptor is closed, and cannot be served again.
 *
 * `backlog`: default 128. Rejects with a SocketBindError `bad_descriptor`; the server is then closed.
 */
export async function serveInheritedSocket(
  server: Server,
  fd: number,
  path: string,
  options: { backlog?: number } = {},
): Promise<UnixSocketClaim> {
  const listening = once(server, 'listening');
  server.listen({ fd, backlog: options.backlog ?? 128 });
  try {
    await listening;
  } catch (error) {
    throw badDescriptor(fd, path, systemCode(error));
  }
  // One of TCP has an address, and other machines might reach it.
  if (server.address() instanceof Object) {
    server.close();
    throw badDescriptor(fd, path, 'it is a TCP socket');
  }
  return { path, release: () => undefined };
}

function badDescriptor(fd: number, path: string, problem: string): SocketBindError {
  return new SocketBindError(
    'bad_descriptor',
    `In place of ${path}, the descriptor ${fd} is not a Unix socket that can be listened on (${problem}). Look at the socket unit that starts this program.`,
  );
}
