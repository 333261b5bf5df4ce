import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { Duplex } from 'node:stream';
import type { Log } from '../log.ts';
import { PreparedAnswer, renderAnswer, type Answer, type RouteAnswer } from './answer.ts';
import { answerBrokenRequests, refuseConnection } from './broken-request.ts';
import { limitConnections } from './connections.ts';
import { giveWay } from './give-way.ts';
import { HttpCounts } from './http-counts.ts';
import { LastAnswers } from './last-answers.ts';
import { LocalRequest } from './local-request.ts';
import { limitPipelining } from './pipelining.ts';
import { problemOf, type ProblemKind } from './problem.ts';
import { readBody } from './request-body.ts';
import { hostCount } from './request-host.ts';
import { methodsOf, routesByPath } from './route-table.ts';
import type { Route } from './route.ts';
import * as problems from './server-problems.ts';
import { startStream } from './stream.ts';
import { limitTimes, WITHOUT_LIMITS_OF_NODE, type TimeLimits } from './time-limits.ts';

export type { Route } from './route.ts';

export interface LocalHttpOptions extends TimeLimits {
  log: Log;
  /** Until the next request; default 60 000, to which node:http adds a second. */
  keepAliveTimeoutMs?: number;
  /** A connection on which nothing comes or goes for so long is closed, an answer due or not, except a stream; default none. */
  inactivityTimeoutMs?: number;
  /** Bytes; default 8192. */
  maxHeaderSize?: number;
  /** Characters; default 2048. */
  maxUrlLength?: number;
  /** Default 512. */
  maxConnections?: number;
  /** What becomes of those beyond: some are answered with 503 and closed, and the others closed at once (the default), or one that is open gives way. */
  whenFull?: 'refuse' | 'give_way';
  /** Of requests on one connection that wait for the answer to an earlier one; default 64. One more closes it. */
  maxPipelined?: number;
  /** A longer body is answered with 413; default 4096. It is for routes that take no body. */
  maxBodyBytes?: number;
  /** Counted in, if given. */
  counts?: HttpCounts;
}

/**
 * A small HTTP/1.1 interface for programs on the same machine. It does not listen yet: the caller binds it to a socket,
 * and ends it with `close()` and `closeAllConnections()`, when its own streams are ended.
 *
 * Its own problems (RFC 9457) are those in server-problems.ts.
 */
export function createLocalHttp(routes: readonly Route[], options: LocalHttpOptions): Server {
  const { log, maxBodyBytes = 4096, maxUrlLength = 2048, counts = new HttpCounts() } = options;
  const byPath = routesByPath(routes);
  const lastAnswers = new LastAnswers();

  const server = createServer(
    {
      ...WITHOUT_LIMITS_OF_NODE,
      keepAliveTimeout: options.keepAliveTimeoutMs ?? 60_000,
      maxHeaderSize: options.maxHeaderSize ?? 8192,
      // Node would answer with an empty body; `refusal` says what is wrong.
      requireHostHeader: false,
      // A request without a body needs no stream for it.
      optimizeEmptyRequests: true,
    },
    (request, response) => {
      if (lastAnswers.has(request.socket)) return;
      hasAsked(request, response);
      if (pipelining.refuses(request, response)) return;
      const refused = refusal(request);
      if (refused === undefined) {
        respond(request, response);
      } else {
        request.resume();
        lastAnswers.giving(response, true);
        send(response, refused, false);
      }
    },
  );
  if (options.inactivityTimeoutMs !== undefined) server.timeout = options.inactivityTimeoutMs;
  const refuse = (socket: Duplex, kind: ProblemKind): void => {
    counts.answered(undefined, kind.status);
    refuseConnection(socket, kind);
  };
  answerBrokenRequests(server, lastAnswers, refuse);
  // Without a listener, a connection that the system cannot give (too many files are open) would end the daemon.
  server.on('error', (error) => {
    if (server.listening) log.debug(`A connection was not accepted: ${error.message}`);
  });
  const hasAsked = limitTimes(server, options, refuse);
  const limit = options.whenFull === 'give_way' ? giveWay : limitConnections;
  const connections = limit(server, options.maxConnections ?? 512, counts);
  const pipelining = limitPipelining(options.maxPipelined ?? 64, (socket) =>
    refuse(socket, problems.TOO_MANY_PIPELINED),
  );
  return server;

  function refusal({ headers, rawHeaders, httpVersion, url = '' }: IncomingMessage): Answer | undefined {
    // Node also reads the versions before and after.
    if (httpVersion !== '1.1' && httpVersion !== '1.0') return problemOf(problems.BAD_REQUEST);
    if (url.length > maxUrlLength) return problemOf(problems.URL_TOO_LONG, `At most ${maxUrlLength} characters`);
    if (headers.origin !== undefined) return problemOf(problems.FORBIDDEN_ORIGIN);
    // RFC 9112, 3.2.
    if (headers.host === undefined && httpVersion === '1.1') return problemOf(problems.NO_HOST);
    if (hostCount(rawHeaders) > 1) return problemOf(problems.TWO_HOSTS);
    return undefined;
  }

  /** What is clear from the head is said before the body. */
  function respond(request: IncomingMessage, response: ServerResponse): void {
    const local = new LocalRequest(request, response);
    const isHead = request.method === 'HEAD';
    const method = isHead ? 'GET' : request.method;
    const entry = byPath.get(local.path);
    const route = method === 'GET' || method === 'POST' ? entry?.[method] : undefined;
    const isRefused = connections.isRefused(request.socket);
    if (isRefused) response.shouldKeepAlive = false;
    if (isRefused && route?.evenWhenFull !== true) {
      send(response, problemOf(problems.TOO_MANY_CONNECTIONS), isHead);
    } else if (entry === undefined) {
      send(response, problemOf(problems.NOT_FOUND), isHead);
    } else if (route === undefined) {
      const answer = problemOf(problems.METHOD_NOT_ALLOWED);
      const allowed = { ...answer, headers: { ...answer.headers, Allow: methodsOf(entry) } };
      send(response, allowed, isHead);
    } else if (method === 'GET') {
      run(route, request, response, local);
    } else {
      takeBody(route, request, response, local);
    }
  }

  function takeBody(route: Route, request: IncomingMessage, response: ServerResponse, local: LocalRequest): void {
    const { maxJsonBytes } = route;
    const maxBytes = maxJsonBytes ?? maxBodyBytes;
    readBody(request, { maxBytes, keep: maxJsonBytes !== undefined }, (body) => {
      if (body === 'too_large') {
        // What is still to come of the body is not waited for.
        send(response, problemOf(problems.BODY_TOO_LARGE, `At most ${maxBytes} bytes`), false);
      } else if (local.takeBody(body)) {
        run(route, request, response, local);
      } else {
        send(response, problemOf(problems.BAD_JSON), false);
      }
    });
  }

  function run(route: Route, request: IncomingMessage, response: ServerResponse, local: LocalRequest): void {
    const isHead = request.method === 'HEAD';
    const give = (answer: RouteAnswer): void => {
      if (!('stream' in answer)) {
        send(response, answer, isHead, route);
      } else if (isHead) {
        send(response, { status: answer.status, headers: answer.headers }, true, route);
      } else if (response.socket === null) {
        send(response, problemOf(problems.PIPELINED_STREAM), false, route);
      } else {
        counts.answered(route.path, answer.status);
        startStream(request, response, answer, connections, logFailure);
      }
    };
    const logFailure = (error: unknown): void => {
      log.error(`${route.method} ${local.path} failed: ${error instanceof Error ? error.message : String(error)}`);
    };
    const fail = (error: unknown): void => {
      logFailure(error);
      send(response, problemOf(problems.INTERNAL_ERROR), isHead, route);
    };
    try {
      const answer = route.answer(local);
      if (answer instanceof Promise) answer.then(give).catch(fail);
      else give(answer);
    } catch (error) {
      fail(error);
    }
  }

  function send(response: ServerResponse, answer: Answer | PreparedAnswer, isHead: boolean, route?: Route): void {
    if (response.headersSent || response.destroyed) return;
    counts.answered(route?.path, answer.status);
    const { headers, text, encoding } = answer instanceof PreparedAnswer ? answer : renderAnswer(answer);
    lastAnswers.giving(response);
    response.writeHead(answer.status, headers);
    if (isHead || text === '') response.end();
    else response.end(text, encoding);
  }
}
