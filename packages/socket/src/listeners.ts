import { createServer, type Server, type Socket } from 'node:net';
import type { TokenAddress } from './address.ts';
import { SocketBindError } from './bind-error.ts';
import { bindTcpSocket, requireLoopback } from './tcp-socket.ts';
import { bindUnixSocket } from './unix-socket.ts';

/** Where and how to listen; see TokenReceiverOptions. */
export type ListenOptions = {
  unixSocketPath?: string;
  tcpHost: string;
  tcpPort?: number;
  preferUnixSocket: boolean;
  listenBacklog: number;
  socketMode: number;
  socketGroupId?: number;
};

/** A socket that is open. `close` takes its file away and accepts no more; it resolves when the last connection is closed. */
export type Listener = { address: TokenAddress; close: () => Promise<void> };

/** What a listener tells its owner. */
export type ListenerEvents = {
  onConnection: (socket: Socket, from: 'unix' | 'tcp') => void;
  onError: (error: Error) => void;
};

/** These are mistakes in what was asked for, or a program that runs already: TCP in their place would only hide them. */
const NEVER_FALL_BACK: readonly string[] = ['socket_in_use', 'path_too_long', 'group_not_permitted'];

/**
 * Opens the sockets: with `preferUnixSocket` the Unix one, and TCP only if that one cannot be opened (`fellBack` says why); without,
 * each one that is given. All or none: rejects with a SocketBindError.
 */
export async function openListeners(
  options: ListenOptions,
  events: ListenerEvents,
): Promise<{ listeners: Listener[]; fellBack?: SocketBindError }> {
  const { unixSocketPath, tcpPort, preferUnixSocket } = options;
  if (tcpPort !== undefined) requireLoopback(options.tcpHost);
  if (unixSocketPath === undefined && tcpPort === undefined) {
    throw new SocketBindError('no_address', 'A token receiver needs a Unix socket path, a TCP port or both.');
  }
  const listeners: Listener[] = [];
  let fellBack: SocketBindError | undefined;
  try {
    if (unixSocketPath !== undefined) listeners.push(await openUnix(unixSocketPath, options, events));
  } catch (error) {
    if (!(error instanceof SocketBindError) || !preferUnixSocket || tcpPort === undefined) throw error;
    if (NEVER_FALL_BACK.includes(error.code)) throw error;
    fellBack = error;
  }
  try {
    if (tcpPort !== undefined && !(preferUnixSocket && listeners.length > 0)) {
      listeners.push(await openTcp(tcpPort, options, events));
    }
  } catch (error) {
    await Promise.all(listeners.map((listener) => listener.close()));
    throw error;
  }
  return fellBack === undefined ? { listeners } : { listeners, fellBack };
}

async function openUnix(path: string, options: ListenOptions, events: ListenerEvents): Promise<Listener> {
  const server = createListener('unix', events);
  const claim = await bindUnixSocket(server, path, {
    mode: options.socketMode,
    backlog: options.listenBacklog,
    ...(options.socketGroupId === undefined ? {} : { groupId: options.socketGroupId }),
  });
  server.on('error', events.onError);
  const close = (): Promise<void> => {
    claim.release();
    return closed(server);
  };
  return { address: { kind: 'unix', path }, close };
}

async function openTcp(port: number, options: ListenOptions, events: ListenerEvents): Promise<Listener> {
  const server = createListener('tcp', events);
  const address = await bindTcpSocket(server, { host: options.tcpHost, port, backlog: options.listenBacklog });
  server.on('error', events.onError);
  return { address, close: () => closed(server) };
}

/** Half-open, so that a sender which ends its side still gets its reply. */
function createListener(from: 'unix' | 'tcp', events: ListenerEvents): Server {
  return createServer({ allowHalfOpen: true }, (socket) => events.onConnection(socket, from));
}

function closed(server: Server): Promise<void> {
  return new Promise((resolve) => {
    server.close(() => resolve());
  });
}
