import { createServer, STATUS_CODES, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { Duplex } from 'node:stream';
import { errnoOf } from '../errno.ts';
import type { Log } from '../log.ts';
import { problem, renderAnswer, type Answer } from './answer.ts';
import { LocalRequest } from './local-request.ts';

export interface Route {
  method: 'GET' | 'POST';
  /** Matched exactly; a query may follow it in the request. */
  path: string;
  /** Takes a JSON body of at most so many bytes, as `request.json`. Without it, a body is read and not used. */
  maxJsonBytes?: number;
  /** What it throws is logged, and answered with 500 `internal_error`. */
  answer(request: LocalRequest): Answer | Promise<Answer>;
}

export interface LocalHttpOptions {
  log: Log;
  /** Default 5000. */
  headersTimeoutMs?: number;
  /** For the whole request to arrive; default 10 000. */
  requestTimeoutMs?: number;
  /** Default 60 000. */
  keepAliveTimeoutMs?: number;
  /** Bytes; default 8192. */
  maxHeaderSize?: number;
  /** Default 512; one more is closed at once. */
  maxConnections?: number;
  /** A longer body is answered with 413; default 4096. It is for routes that take no body. */
  maxBodyBytes?: number;
}

interface PathRoutes {
  GET?: Route;
  POST?: Route;
}

/**
 * A small HTTP/1.1 interface for programs on the same machine. It does not listen yet: the caller binds it to a socket,
 * and ends it with `close()` and `closeAllConnections()`.
 *
 * Problems (RFC 9457) of its own: 400 `bad_request`, 400 `bad_json`, 403 `forbidden_origin` (a web page asks), 404 `not_found`, 405
 * `method_not_allowed`, 408 `timeout`, 413 `body_too_large`, 431 `headers_too_large`, 500 `internal_error`.
 */
export function createLocalHttp(routes: readonly Route[], options: LocalHttpOptions): Server {
  const { log, maxBodyBytes = 4096 } = options;
  const byPath = new Map<string, PathRoutes>();
  for (const route of routes) {
    const entry = byPath.get(route.path) ?? {};
    entry[route.method] = route;
    byPath.set(route.path, entry);
  }

  const server = createServer(
    {
      headersTimeout: options.headersTimeoutMs ?? 5000,
      requestTimeout: options.requestTimeoutMs ?? 10_000,
      keepAliveTimeout: options.keepAliveTimeoutMs ?? 60_000,
      connectionsCheckingInterval: 2500,
      maxHeaderSize: options.maxHeaderSize ?? 8192,
      // Node would answer with an empty body; `refusal` says what is wrong.
      requireHostHeader: false,
    },
    (request, response) => {
      const refused = refusal(request);
      if (refused !== undefined) {
        request.resume();
        send(response, refused, false);
        return;
      }
      if (request.method === 'GET' || request.method === 'HEAD') {
        run(request, response, new LocalRequest(request, response));
        return;
      }
      const local = new LocalRequest(request, response);
      const maxJsonBytes = request.method === 'POST' ? byPath.get(local.path)?.POST?.maxJsonBytes : undefined;
      const maxBytes = maxJsonBytes ?? maxBodyBytes;
      readBody(request, { maxBytes, keep: maxJsonBytes !== undefined }, (body) => {
        if (body === 'too_large') {
          // What is still to come of the body is not waited for.
          response.shouldKeepAlive = false;
          send(response, problem(413, 'body_too_large', 'The body is too large', `At most ${maxBytes} bytes`), false);
        } else if (local.takeBody(body)) {
          run(request, response, local);
        } else {
          send(response, problem(400, 'bad_json', 'The body is not JSON'), false);
        }
      });
    },
  );
  server.maxConnections = options.maxConnections ?? 512;
  server.on('clientError', (error, socket) => answerBrokenRequest(errnoOf(error), socket));

  function run(request: IncomingMessage, response: ServerResponse, local: LocalRequest): void {
    const isHead = request.method === 'HEAD';
    const method = isHead ? 'GET' : request.method;
    const entry = byPath.get(local.path);
    if (entry === undefined) {
      send(response, problem(404, 'not_found', 'There is nothing at this path'), isHead);
      return;
    }
    const route = method === 'GET' || method === 'POST' ? entry[method] : undefined;
    if (route === undefined) {
      send(response, methodNotAllowed(entry), isHead);
      return;
    }
    const fail = (error: unknown): void => {
      log.error(`${method ?? ''} ${local.path} failed: ${error instanceof Error ? error.message : String(error)}`);
      send(response, problem(500, 'internal_error', 'The request failed; the log of the daemon says why'), isHead);
    };
    try {
      const answer = route.answer(local);
      if (answer instanceof Promise) answer.then((late) => send(response, late, isHead)).catch(fail);
      else send(response, answer, isHead);
    } catch (error) {
      fail(error);
    }
  }
  return server;
}

function send(response: ServerResponse, answer: Answer, isHead: boolean): void {
  if (response.headersSent || response.destroyed) return;
  const { headers, text } = renderAnswer(answer);
  response.writeHead(answer.status, headers);
  if (isHead || text === '') response.end();
  else response.end(text);
}

function refusal(request: IncomingMessage): Answer | undefined {
  const { headers } = request;
  if (headers.origin !== undefined) {
    return problem(403, 'forbidden_origin', 'This interface does not answer web pages');
  }
  // RFC 9112, 3.2.
  if (headers.host === undefined && request.httpVersionMinor === 1) {
    return problem(400, 'bad_request', 'The request has no Host header');
  }
  return undefined;
}

function methodNotAllowed(entry: PathRoutes): Answer {
  const allowed = [...(entry.GET === undefined ? [] : ['GET', 'HEAD']), ...(entry.POST === undefined ? [] : ['POST'])];
  const answer = problem(405, 'method_not_allowed', 'This path has no such method');
  return { ...answer, headers: { ...answer.headers, Allow: allowed.join(', ') } };
}

/** Reads a body to its end. `done` is not called if the client goes away in between. */
function readBody(
  request: IncomingMessage,
  { maxBytes, keep }: { maxBytes: number; keep: boolean },
  done: (body: Buffer | undefined | 'too_large') => void,
): void {
  let bytes = 0;
  let decided = false;
  const kept: Buffer[] = [];
  const decide = (body: Buffer | undefined | 'too_large'): void => {
    if (decided) return;
    decided = true;
    done(body);
  };
  if (Number(request.headers['content-length'] ?? 0) > maxBytes) {
    request.resume();
    decide('too_large');
    return;
  }
  request.on('data', (chunk: Buffer) => {
    bytes += chunk.length;
    if (bytes > maxBytes) decide('too_large');
    else if (keep) kept.push(chunk);
  });
  request.on('end', () => decide(keep ? Buffer.concat(kept) : undefined));
  request.on('error', () => undefined);
}

/** For a request that could not be read there is no response object: the answer is written by hand, and is the last. */
function answerBrokenRequest(errno: string | undefined, socket: Duplex): void {
  if (errno === 'ECONNRESET' || !socket.writable) {
    socket.destroy();
    return;
  }
  const answer =
    errno === 'HPE_HEADER_OVERFLOW'
      ? problem(431, 'headers_too_large', 'The header fields are too large')
      : errno === 'ERR_HTTP_REQUEST_TIMEOUT'
        ? problem(408, 'timeout', 'The request did not arrive in time')
        : problem(400, 'bad_request', 'This is not an HTTP/1.1 request');
  const { headers, text } = renderAnswer(answer);
  let head = `HTTP/1.1 ${answer.status} ${STATUS_CODES[answer.status] ?? ''}\r\nConnection: close\r\n`;
  for (let index = 0; index < headers.length; index += 2)
    head += `${headers[index] ?? ''}: ${headers[index + 1] ?? ''}\r\n`;
  socket.end(`${head}\r\n${text}`);
}
