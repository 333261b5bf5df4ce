import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import type { Server as SecureServer } from 'node:https';
import type { Socket } from 'node:net';

/**
 * Bounds the connections of a server, such as one on a port that every user of this machine can reach. When all places are taken, the connection that has
 * been without a request for longest gives up its own to the one that comes: those who connect and say nothing keep nobody out, however often
 * they come again. One whose answer is due stays.
 */
export function giveWay(server: Server | SecureServer, maxConnections: number): void {
  const open = new Set<Socket>();
  // In the order in which they became idle.
  const idle = new Map<Peer, Socket>();

  function leave(socket: Socket, peer: Peer): void {
    open.delete(socket);
    if (idle.get(peer) === socket) idle.delete(peer);
  }
  server.on('connection', (socket: Socket) => {
    const peer = peerOf(socket);
    if (open.size >= maxConnections) {
      const [longest] = idle;
      if (longest === undefined) {
        socket.destroy();
        return;
      }
      leave(longest[1], longest[0]);
      longest[1].destroy();
    }
    open.add(socket);
    idle.set(peer, socket);
    socket.once('close', () => leave(socket, peer));
  });
  server.on('request', ({ socket: asking }: IncomingMessage, response: ServerResponse) => {
    const peer = peerOf(asking);
    const socket = idle.get(peer);
    if (socket === undefined) return;
    idle.delete(peer);
    response.once('close', () => {
      if (open.has(socket)) idle.set(peer, socket);
    });
  });
}

/** Under TLS, a request has another socket than its connection, but the same address at the other end; a Unix socket has no such address. */
type Peer = string | Socket;

function peerOf(socket: Socket): Peer {
  const { remoteAddress, remotePort } = socket;
  return remotePort === undefined ? socket : `${remoteAddress ?? ''} ${remotePort}`;
}
