/** How a route takes a connection over from node:http. */
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import { lastHead, renderHeaders, type StreamAnswer } from './answer.ts';
import type { Connections } from './connections.ts';

/**
 * Sends the head, and gives the connection to the route. Nothing that node:http keeps for a connection (parser, request, response, a dozen
 * listeners) stays: it would cost an idle reader twice the memory of its socket.
 *
 * @param fail called with what the route throws; the connection is then destroyed
 */
export function startStream(
  request: IncomingMessage,
  response: ServerResponse,
  answer: StreamAnswer,
  connections: Connections,
  fail: (error: unknown) => void,
): void {
  const chunked = request.httpVersionMinor === 1;
  whenRead(request, () => {
    const { socket } = request;
    if (socket.destroyed) return;
    takeFromHttp(socket, response, connections);
    const { headers } = renderHeaders(answer.headers);
    if (chunked) headers.push('Transfer-Encoding', 'chunked');
    socket.write(lastHead(answer.status, headers));
    try {
      answer.stream({ socket, chunked });
    } catch (error) {
      socket.destroy();
      fail(error);
    }
  });
}

/** In both cases the parser has come to rest. */
function whenRead(request: IncomingMessage, then: () => void): void {
  if (request.readableEnded) setImmediate(then);
  else request.once('end', then).resume();
}

function takeFromHttp(socket: Socket, response: ServerResponse, connections: Connections): void {
  connections.unfollow(socket);
  response.detachSocket(socket);
  // To node:http the connection is over: this is how it frees the parser, and forgets the request, which has been read.
  for (const listener of socket.listeners('close')) Reflect.apply(listener, socket, [false]);
  socket.removeAllListeners();
  socket.setTimeout(0);
  connections.follow(socket);
  socket.on('error', ignore).on('end', destroy).resume();
}

// One function for all connections: a closure would keep the request alive.
function ignore(): void {
  // `close` follows.
}

function destroy(this: Socket): void {
  this.destroy();
}
