import type { Duplex } from 'node:stream';
import { lastHead, renderAnswer } from './answer.ts';
import { problemOf, type ProblemKind } from './problem.ts';
import { BAD_REQUEST, HEADERS_TOO_LARGE, TIMEOUT } from './server-problems.ts';

/** What is wrong with a request that could not be read. */
export function brokenRequestProblem(errno: string | undefined): ProblemKind {
  switch (errno) {
    case 'HPE_HEADER_OVERFLOW':
      return HEADERS_TOO_LARGE;
    case 'ERR_HTTP_REQUEST_TIMEOUT':
      return TIMEOUT;
    case undefined:
    default:
      return BAD_REQUEST;
  }
}

/** Where there is no response object, the answer is written by hand, and is the last on its connection. */
export function refuseConnection(socket: Duplex & { destroySoon?: () => void }, kind: ProblemKind): void {
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
