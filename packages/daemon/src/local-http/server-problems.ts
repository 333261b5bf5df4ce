/** The problems that the server itself answers with, whatever the routes are. */
import type { ProblemKind } from './problem.ts';
import type { Route, RouteDescription } from './route.ts';

export const BAD_REQUEST = { status: 400, code: 'bad_request', title: 'This is not an HTTP/1.1 request' };
export const NO_HOST = { status: 400, code: 'bad_request', title: 'The request has no Host header' };
export const TWO_HOSTS = { status: 400, code: 'bad_request', title: 'The request has more than one Host header' };
export const BAD_JSON = { status: 400, code: 'bad_json', title: 'The body is not JSON' };
export const PIPELINED_STREAM = {
  status: 400,
  code: 'pipelined_stream',
  title: 'A stream needs a connection on which no other answer is due',
};
export const FORBIDDEN_ORIGIN = {
  status: 403,
  code: 'forbidden_origin',
  title: 'This interface does not answer web pages',
};
export const NOT_FOUND = { status: 404, code: 'not_found', title: 'There is nothing at this path' };
export const METHOD_NOT_ALLOWED = { status: 405, code: 'method_not_allowed', title: 'This path has no such method' };
export const TIMEOUT = { status: 408, code: 'timeout', title: 'The request did not arrive in time' };
export const BODY_TOO_LARGE = { status: 413, code: 'body_too_large', title: 'The body is too large', closes: true };
export const URL_TOO_LONG = { status: 414, code: 'url_too_long', title: 'The path and query are too long' };
export const TOO_MANY_PIPELINED = {
  status: 429,
  code: 'too_many_pipelined',
  title: 'Too many requests on this connection that are not answered yet',
};
export const HEADERS_TOO_LARGE = { status: 431, code: 'headers_too_large', title: 'The header fields are too large' };
export const INTERNAL_ERROR = {
  status: 500,
  code: 'internal_error',
  title: 'The request failed; the log of the daemon says why',
};
export const TOO_MANY_CONNECTIONS = {
  status: 503,
  code: 'too_many_connections',
  title: 'All connections are taken',
  retryAfterSeconds: 1,
  closes: true,
};

/** What a request for a route can come to without the route's doing. */
export function serverProblemsOf(route: Route, { streams = false }: RouteDescription): readonly ProblemKind[] {
  return [
    BAD_REQUEST,
    FORBIDDEN_ORIGIN,
    TIMEOUT,
    URL_TOO_LONG,
    TOO_MANY_PIPELINED,
    HEADERS_TOO_LARGE,
    INTERNAL_ERROR,
    ...(route.method === 'POST' ? [BODY_TOO_LARGE] : []),
    ...(route.maxJsonBytes === undefined ? [] : [BAD_JSON]),
    ...(streams ? [PIPELINED_STREAM] : []),
    ...(route.evenWhenFull === true ? [] : [TOO_MANY_CONNECTIONS]),
  ];
}
