import type { IncomingMessage, Server, ServerOptions, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import { refuseConnection } from './broken-request.ts';
import { limitSilence } from './first-request.ts';
import type { ProblemKind } from './problem.ts';
import { TIMEOUT } from './server-problems.ts';
import { limitSlowRequests } from './slow-requests.ts';

/** The longest that a timer of Node's can be. */
const MAX_TIMER_MS = 2 ** 31 - 1;

/** For a server with the limits of this file: those of node:http have a timer that fires for as long as it listens. */
export const WITHOUT_LIMITS_OF_NODE: Readonly<ServerOptions> = {
  requestTimeout: 0,
  headersTimeout: 0,
  connectionsCheckingInterval: MAX_TIMER_MS,
};

export interface TimeLimits {
  /** For a connection's first header to arrive; default 5000. */
  readonly headersTimeoutMs?: number;
  /** For any later request to arrive, or the body of the first; default 10 000, and at most twice that. The answer may take as long as it likes. */
  readonly requestTimeoutMs?: number;
}

/**
 * Answers 408 to who takes too long to ask, and closes the connection; one that said nothing at all is closed.
 *
 * @returns to be called for each head, when it is whole
 */
export function limitTimes(
  server: Server,
  { headersTimeoutMs = 5_000, requestTimeoutMs = 10_000 }: TimeLimits = {},
  refuse: (socket: Socket, kind: ProblemKind) => void = refuseConnection,
): (request: IncomingMessage, response: ServerResponse) => void {
  const silence = limitSilence(server, headersTimeoutMs, (socket) => {
    // Who asks nothing gets no answer.
    if (socket.bytesRead === 0) socket.destroy();
    else refuse(socket, TIMEOUT);
  });
  const slowness = limitSlowRequests(requestTimeoutMs, (socket) => refuse(socket, TIMEOUT));
  return (request, response) => {
    silence.hasAsked(request.socket);
    slowness.hasAsked(request, response);
  };
}
