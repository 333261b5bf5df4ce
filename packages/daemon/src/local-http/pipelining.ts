import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';

/**
 * Bounds how many requests of one connection may wait behind one that is not answered yet (pipelining: RFC 9112, 9.3.2). Of itself,
 * node:http reads on, and keeps a request and a response for each. Answers come in order.
 *
 * @param refuse called for the first request that is too many, and closes the connection; it is asked no more after that
 */
export function limitPipelining(
  max: number,
  refuse: (socket: Socket) => void,
): { refuses: (request: IncomingMessage, response: ServerResponse) => boolean } {
  const waiting = new WeakMap<Socket, number>();
  return {
    refuses: (request, response) => {
      // It has its connection: no answer is due before it.
      if (response.socket !== null) return false;
      const { socket } = request;
      if (!socket.writable) return true;
      const before = waiting.get(socket) ?? 0;
      if (before >= max) {
        refuse(socket);
        return true;
      }
      waiting.set(socket, before + 1);
      response.once('close', () => waiting.set(socket, (waiting.get(socket) ?? 1) - 1));
      return false;
    },
  };
}
