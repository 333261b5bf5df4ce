import type { Server } from 'node:http';
import type { Duplex } from 'node:stream';
import { errnoOf } from '../errno.ts';
import { lastHead, renderAnswer } from './answer.ts';
import type { LastAnswers } from './last-answers.ts';
import { problemOf, type ProblemKind } from './problem.ts';
import { BAD_REQUEST, HEADERS_TOO_LARGE, METHOD_NOT_ALLOWED } from './server-problems.ts';

type Connection = Duplex & { destroySoon?: () => void };

/** Answers what is not a request, and what asks for a tunnel: node:http would answer with no body, or close the connection without a word. */
export function answerBrokenRequests(
  server: Server,
  lastAnswers: LastAnswers,
  refuse: (socket: Duplex, kind: ProblemKind) => void = refuseConnection,
): void {
  server.on('connect', (_request, socket) => refuse(socket, METHOD_NOT_ALLOWED));
  server.on('clientError', (error, socket: Connection) => {
    const errno = errnoOf(error);
    // All of its answer that will come has been written; a stream of node:http would go on to nobody.
    if (lastAnswers.has(socket)) socket.destroySoon?.();
    // The client itself had said that the request before was its last.
    else if (errno === 'HPE_CLOSED_CONNECTION') return;
    else if (errno === 'ECONNRESET' || !socket.writable) socket.destroy();
    else refuse(socket, errno === 'HPE_HEADER_OVERFLOW' ? HEADERS_TOO_LARGE : BAD_REQUEST);
  });
}

/** Where there is no response object, the answer is written by hand, and is the last on its connection. */
export function refuseConnection(socket: Connection, kind: ProblemKind): void {
  // node:http lets go of a connection that asks for CONNECT: without a listener, a client that is gone would end the daemon.
  socket.on('error', ignore);
  if (!socket.writable) {
    // An answer before it was the last.
    socket.destroySoon?.();
    return;
  }
  const { headers, text } = renderAnswer(problemOf({ ...kind, closes: false }));
  socket.end(lastHead(kind.status, headers) + text);
  // A client that does not close its end would keep the place.
  socket.destroySoon?.();
}

function ignore(): void {
  // `close` follows.
}
