import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import type { Server as SecureServer } from 'node:https';
import type { Socket } from 'node:net';
import type { Connections } from './connections.ts';
import { HttpCounts } from './http-counts.ts';
import { isWhole } from './whole-request.ts';

interface Connection {
  readonly peer: Peer;
  readonly socket: Socket;
  /** Answers to requests that have come whole, in their order, until they are sent. */
  readonly due: Set<ServerResponse>;
}

/**
 * Bounds the connections of a server, such as one on a port that every user of this machine can reach. When all places are taken, the connection that has
 * been without a whole request for longest gives up its own to the one that comes: those who connect and say nothing, or not all, keep nobody
 * out, however often they come again. One whose answer is due stays, unless the answer is there and is not read.
 */
export function giveWay(
  server: Server | SecureServer,
  maxConnections: number,
  counts: HttpCounts = new HttpCounts(),
): Connections {
  const open = new Map<Peer, Connection>();
  // In the order in which they became idle.
  const idle = new Set<Connection>();

  const ofSocket = new Map<Socket, Connection>();

  function leave(socket: Socket): void {
    const connection = ofSocket.get(socket);
    if (connection === undefined) return;
    ofSocket.delete(socket);
    if (open.get(connection.peer) === connection) open.delete(connection.peer);
    idle.delete(connection);
    counts.connections = ofSocket.size;
  }
  // One function for all of them, which costs an idle connection nothing.
  function closed(this: Socket): void {
    leave(this);
  }
  function whoGivesWay(): Connection | undefined {
    const [longest] = idle;
    if (longest !== undefined) return longest;
    for (const connection of open.values()) if (isUnread(connection)) return connection;
    return undefined;
  }
  server.on('connection', (socket: Socket) => {
    if (ofSocket.size >= maxConnections) {
      const giving = whoGivesWay();
      if (giving === undefined) {
        socket.destroy();
        return;
      }
      leave(giving.socket);
      giving.socket.destroy();
    }
    const connection = { peer: peerOf(socket), socket, due: new Set<ServerResponse>() };
    open.set(connection.peer, connection);
    idle.add(connection);
    ofSocket.set(socket, connection);
    counts.connections = ofSocket.size;
    socket.on('close', closed);
  });
  server.on('request', (request: IncomingMessage, response: ServerResponse) => {
    const connection = open.get(peerOf(request.socket));
    if (connection === undefined) return;
    const isDue = (): void => {
      if (response.closed) return;
      connection.due.add(response);
      idle.delete(connection);
      response.once('close', () => {
        connection.due.delete(response);
        if (connection.due.size === 0 && ofSocket.has(connection.socket)) idle.add(connection);
      });
    };
    if (isWhole(request)) isDue();
    else request.once('end', isDue);
  });
  return {
    isRefused: () => false,
    unfollow: (socket) => void socket.off('close', closed),
    follow: (socket) => void socket.on('close', closed),
  };
}

/** Whether it is the client that keeps the answer from being sent. */
function isUnread({ due }: Connection): boolean {
  const [next] = due;
  return next?.writableEnded === true;
}

/** Under TLS, a request has another socket than its connection, but the same address at the other end; a Unix socket has no such address. */
type Peer = string | Socket;

function peerOf(socket: Socket): Peer {
  const { remoteAddress, remotePort } = socket;
  return remotePort === undefined ? socket : `${remoteAddress ?? ''} ${remotePort}`;
}
