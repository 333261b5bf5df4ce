import { createServer, type Server } from 'node:net';
import type { Arrival, TokenAddress } from './address.ts';
import { SocketBindError } from './bind-error.ts';
import { serveInheritedSocket } from './inherited-socket.ts';
import { type Decide, Intake, type IntakeLimits } from './intake.ts';
import type { PeerRefusal } from './peer-refusal.ts';
import { SocketKeeper, type OnTick, type SocketNews } from './socket-keeper.ts';
import { bindTcpSocket, requireLoopback } from './tcp-socket.ts';
import type { TlsGate } from './tls-gate.ts';
import type { TlsMaterial } from './tls-material.ts';
import { bindUnixSocket, type UnixSocketClaim } from './unix-socket.ts';

/** Where and how to listen; see TokenReceiverOptions. */
export type ListenOptions = {
  unixSocketPath: string | undefined;
  unixSocketFd: number | undefined;
  tcpHost: string;
  tcpPort: number | undefined;
  tls: TlsMaterial | undefined;
  preferUnixSocket: boolean;
  listenBacklog: number;
  socketMode: number;
  socketGroupId: number | undefined;
  remakeFolder: ((folder: string) => void) | undefined;
  onTick: OnTick | undefined;
  limits: IntakeLimits;
};

/**
 * A socket that is open. `close` takes its file away, accepts no more and ends the connections that there are; it resolves when they
 * are closed.
 */
export type Listener = {
  address: TokenAddress;
  close: () => Promise<void>;
  reloadTls?: (material: TlsMaterial) => void;
};

/** What listeners tell their owner. */
export type ListenerEvents = {
  decide: Decide;
  onPeerRefused: (refusal: PeerRefusal) => void;
  /** Of the Unix socket. */
  onSocketNews: (news: SocketNews) => void;
  onError: (error: Error) => void;
};

/** Why TCP is listened on in place of the Unix socket, and what tries that again. */
export type FellBack = { error: SocketBindError; openLater: () => Promise<Listener> };

/** These are mistakes in what was asked for, or a program that runs already: TCP in their place would only hide them. */
const NEVER_FALL_BACK: readonly string[] = ['socket_in_use', 'path_too_long', 'group_not_permitted', 'bad_descriptor'];

/**
 * Opens the sockets: with `preferUnixSocket` the Unix one, and TCP only if that one cannot be opened (`fellBack` says why); without,
 * each one that is given. With `tls`, TCP is TLS. All or none: rejects with a SocketBindError or a TlsMaterialError.
 */
export async function openListeners(
  options: ListenOptions,
  events: ListenerEvents,
): Promise<{ listeners: Listener[]; fellBack?: FellBack }> {
  const { unixSocketPath, unixSocketFd, tcpPort, preferUnixSocket } = options;
  const wantsUnix = unixSocketPath !== undefined || unixSocketFd !== undefined;
  if (tcpPort !== undefined && options.tls === undefined) requireLoopback(options.tcpHost);
  if (!wantsUnix && tcpPort === undefined) {
    throw new SocketBindError('no_address', 'A token receiver needs a Unix socket path, a TCP port or both.');
  }
  const listeners: Listener[] = [];
  let fellBack: FellBack | undefined;
  try {
    if (wantsUnix) listeners.push(await openUnix(options, events));
  } catch (error) {
    if (!(error instanceof SocketBindError) || !preferUnixSocket || tcpPort === undefined) throw error;
    if (NEVER_FALL_BACK.includes(error.code)) throw error;
    fellBack = { error, openLater: () => openUnix(options, events) };
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

async function openUnix(options: ListenOptions, events: ListenerEvents): Promise<Listener> {
  const { server, close } = createListener('unix', options, events);
  const claim = await claimUnix(server, options);
  server.on('error', events.onError);
  const { remakeFolder, onTick } = options;
  const keeper = new SocketKeeper(claim, { onNews: events.onSocketNews, remakeFolder, onTick });
  return {
    address: { kind: 'unix', path: claim.path },
    close: async () => {
      await keeper.stop();
      claim.release();
      return close();
    },
  };
}

function claimUnix(server: Server, options: ListenOptions): Promise<UnixSocketClaim> {
  const { unixSocketFd: fd, unixSocketPath: path = `fd ${fd ?? ''}`, listenBacklog: backlog, socketGroupId } = options;
  if (fd !== undefined) return serveInheritedSocket(server, fd, path, { backlog });
  return bindUnixSocket(server, path, {
    mode: options.socketMode,
    backlog,
    ...(socketGroupId === undefined ? {} : { groupId: socketGroupId }),
  });
}

async function openTcp(port: number, options: ListenOptions, events: ListenerEvents): Promise<Listener> {
  const { tls, tcpHost: host, listenBacklog } = options;
  const kind = tls === undefined ? 'tcp' : 'tls';
  const gate = tls === undefined ? undefined : await openGate(tls, events);
  const { server, close } = createListener(kind, options, events, gate);
  const address = await bindTcpSocket(server, { kind, host, port }, listenBacklog);
  server.on('error', events.onError);
  return { address, close, ...(gate === undefined ? {} : { reloadTls: (material) => gate.reload(material) }) };
}

async function openGate(material: TlsMaterial, events: ListenerEvents): Promise<TlsGate> {
  const { TlsGate } = await import('./tls-gate.ts');
  return new TlsGate(material, events.onPeerRefused);
}

/** Half-open, so that a sender which ends its side still gets its reply. With TLS one that ends it before the handshake is over is gone. */
function createListener(
  from: Arrival,
  { limits }: ListenOptions,
  { decide }: ListenerEvents,
  gate?: TlsGate,
): { server: Server; close: () => Promise<void> } {
  const intake = new Intake(from, limits, decide, gate);
  const server = createServer({ allowHalfOpen: gate === undefined }, (socket) => intake.accept(socket));
  const close = (): Promise<void> =>
    new Promise((resolve) => {
      server.close(() => resolve());
      intake.destroyAll();
    });
  return { server, close };
}
