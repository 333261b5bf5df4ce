import type * as z from 'zod/mini';
import type { RouteAnswer } from './answer.ts';
import type { LocalRequest } from './local-request.ts';
import type { ProblemKind } from './problem.ts';

export interface Route {
  method: 'GET' | 'POST';
  /** Matched exactly; a query may follow it in the request. */
  path: string;
  /** Takes a JSON body of at most so many bytes, as `request.json`. Without it, a body is read and not used. */
  maxJsonBytes?: number;
  /** Is answered also when all connections are taken: for what watches over the daemon. */
  evenWhenFull?: boolean;
  /** For the OpenAPI document, when it is asked for; a route without it is not in there. */
  describe?: () => RouteDescription | Promise<RouteDescription>;
  /** What it throws is logged, and answered with 500 `internal_error`. */
  answer(request: LocalRequest): RouteAnswer | Promise<RouteAnswer>;
}

/** What the OpenAPI document says of a route. The schemas are of what is sent: the tests hold the answers against them. */
export interface RouteDescription {
  /** The operation's name for programs that are generated from the document. */
  id: string;
  summary: string;
  description?: string;
  query?: Readonly<Record<string, Parameter>>;
  requestHeaders?: Readonly<Record<string, Parameter>>;
  answers: readonly (BodyDescription | EmptyDescription)[];
  /** Whether it answers with a stream. */
  streams?: boolean;
  /** Besides those that are the server's. */
  problems?: readonly ProblemKind[];
}

/** A header field of an answer is always sent; one of a request, and a query parameter, may be left out. */
export interface Parameter {
  description: string;
  schema: z.core.$ZodType;
}

export interface EmptyDescription {
  status: number;
  description: string;
  headers?: Readonly<Record<string, Parameter>>;
}

export interface BodyDescription extends EmptyDescription {
  /** The media type. */
  type: string;
  /** The schema's name in the document, where it has one. */
  name?: string;
  schema: z.core.$ZodType;
}
