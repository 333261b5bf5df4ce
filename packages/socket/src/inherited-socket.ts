import { once } from 'node:events';
import type { Server } from 'node:net';
import { SocketBindError, systemCode } from './bind-error.ts';
import { fileIdentity } from './stale-socket.ts';
import { isSocketInPlace, type UnixSocketClaim } from './unix-socket.ts';

/**
 * Makes a server (also one of node:http) serve a Unix socket that another program has opened and listens on already, such as systemd for
 * a socket unit. `fd` is its descriptor, `path` the name to call it by. Its file belongs to whoever made it: `release` does nothing. When the
 * server closes, the descriptor is closed, and cannot be served again. `restore` rejects with `not_ours`: whoever made the file
 * would not know of another one.
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
  const inherited = fileIdentity(path);
  return {
    path,
    isInPlace: () => isSocketInPlace(path, inherited),
    restore: () => Promise.reject(notOurs(path)),
    release: () => undefined,
  };
}

function notOurs(path: string): SocketBindError {
  return new SocketBindError(
    'not_ours',
    `The program that opened ${path} for this one, such as systemd for a socket unit, has to make it again: stop both, then start the socket first.`,
  );
}

function badDescriptor(fd: number, path: string, problem: string): SocketBindError {
  return new SocketBindError(
    'bad_descriptor',
    `In place of ${path}, the descriptor ${fd} is not a Unix socket that can be listened on (${problem}). Look at the socket unit that starts this program.`,
  );
}
