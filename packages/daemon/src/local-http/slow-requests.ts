import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import { isWhole } from './whole-request.ts';

/** What is known of a connection that has asked something. */
interface Asked {
  request: IncomingMessage;
  /** To the latest request; undefined: it was seen to be finished. */
  response: ServerResponse | undefined;
  requests: number;
  /** Had come with the latest request, or with its body: more belong to the next one. */
  bytes: number;
  /** The number of the request that was on its way at the last look. */
  onItsWay: number | undefined;
}

/**
 * Closes connections on which a request, its body included, is on its way for too long: after the limit, and before twice the limit. The time that
 * an answer takes does not count, nor does the time between requests. A connection's first head has a limit of its own (first-request.ts).
 *
 * node:http has a check for that, whose timer fires for as long as the server listens; this one has a timer only while there are connections.
 *
 * @param close called for each
 */
export function limitSlowRequests(
  limitMs: number,
  close: (socket: Socket) => void,
): {
  /** To be called for each head, when it is whole. */
  readonly hasAsked: (request: IncomingMessage, response: ServerResponse) => void;
} {
  const connections = new Map<Socket, Asked>();
  let timer: NodeJS.Timeout | undefined;
  // One function for all of them, which costs a connection nothing.
  function forget(this: Socket): void {
    connections.delete(this);
  }
  function hasSentBody(this: IncomingMessage): void {
    const asked = connections.get(this.socket);
    if (asked !== undefined) asked.bytes = this.socket.bytesRead;
  }
  function look(): void {
    for (const [socket, asked] of connections) {
      const onItsWay = requestOnItsWay(socket, asked);
      if (onItsWay !== undefined && onItsWay === asked.onItsWay) {
        connections.delete(socket);
        close(socket);
      }
      asked.onItsWay = onItsWay;
    }
    if (connections.size > 0) return;
    clearInterval(timer);
    timer = undefined;
  }
  return {
    hasAsked: (request, response) => {
      const { socket } = request;
      const bytes = socket.bytesRead;
      if (!isWhole(request)) request.once('end', hasSentBody);
      const asked = connections.get(socket);
      if (asked !== undefined) {
        asked.request = request;
        asked.response = response;
        asked.requests += 1;
        asked.bytes = bytes;
        return;
      }
      connections.set(socket, { request, response, requests: 1, bytes, onItsWay: undefined });
      socket.once('close', forget);
      timer ??= setInterval(look, limitMs).unref();
    },
  };
}

/** The number of the request of which a part has come, and not all; undefined while an answer is due, or nothing came since. */
function requestOnItsWay(socket: Socket, asked: Asked): number | undefined {
  if (!asked.request.complete) return asked.requests;
  // An answer that is done with is not kept from being freed.
  if (asked.response?.writableFinished === true) asked.response = undefined;
  return asked.response === undefined && socket.bytesRead > asked.bytes ? asked.requests + 1 : undefined;
}
