import type { Server } from 'node:http';
import type { Socket } from 'node:net';
import type { HttpCounts } from './http-counts.ts';

/** So many more than are taken are told so at a time; those beyond are closed unanswered. */
const TOLD_AT_ONCE = 64;
/** So long one that is told so may take to ask anything. */
const REFUSAL_MS = 1000;

export interface Connections {
  /** Whether the connection is one too many: its first request is refused, and it is closed. */
  readonly isRefused: (socket: Socket) => boolean;
  /** For when all listeners of a connection are taken away: to be called before that, and after it. */
  readonly unfollow: (socket: Socket) => void;
  readonly follow: (socket: Socket) => void;
}

/** Bounds the connections of a server. A place is free again as soon as its connection is closed. */
export function limitConnections(server: Server, max: number, counts: HttpCounts): Connections {
  const refused = new Set<Socket>();
  // One function for all of them, which costs an idle connection nothing.
  function closed(this: Socket): void {
    if (!refused.delete(this)) counts.connections -= 1;
  }
  server.maxConnections = max + TOLD_AT_ONCE;
  server.on('connection', (socket: Socket) => {
    socket.on('close', closed);
    if (counts.connections < max) {
      counts.connections += 1;
    } else {
      refused.add(socket);
      socket.setTimeout(REFUSAL_MS);
    }
  });
  return {
    isRefused: (socket) => refused.size > 0 && refused.has(socket),
    unfollow: (socket) => void socket.off('close', closed),
    follow: (socket) => void socket.on('close', closed),
  };
}
