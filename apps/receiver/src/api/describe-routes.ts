/** What the OpenAPI document says of each route. Loaded when that is asked for. */
import type { RouteDescription } from '@token-relay/daemon';
import * as z from 'zod/mini';
import { receiverStatusSchema } from '../status/receiver-status.ts';
import * as problems from './api-problems.ts';
import { aliveSchema, historyViewSchema, readySchema, tokenViewSchema } from './token-schemas.ts';
import { MAX_WAIT_SECONDS, MIN_WAIT_SECONDS } from './wait-parameter.ts';

const etag = { ETag: { description: 'the generation, quoted', schema: z.string().check(z.regex(/^"\d+"$/)) } };

const handingOut = {
  query: {
    wait: {
      description:
        'Seconds to wait for a token that can be used and does not match If-None-Match, if there is none to send at once',
      schema: z.number().check(z.gte(MIN_WAIT_SECONDS), z.lte(MAX_WAIT_SECONDS)),
    },
  },
  requestHeaders: {
    'If-None-Match': { description: 'The ETag of the token that the reader has', schema: z.string() },
  },
  problems: [
    problems.BAD_WAIT,
    problems.TOKEN_NOT_FOUND,
    problems.TOKEN_EXPIRED,
    problems.TOO_MANY_WAITING,
    problems.STOPPING,
  ],
};
const unchanged = { status: 304, description: 'The reader has the newest token', headers: etag };

export const token: RouteDescription = {
  id: 'getToken',
  summary: 'The access token',
  ...handingOut,
  answers: [
    {
      status: 200,
      description: 'A token that can be used',
      headers: etag,
      type: 'application/json',
      name: 'Token',
      schema: tokenViewSchema,
    },
    unchanged,
  ],
};

export const rawToken: RouteDescription = {
  id: 'getRawToken',
  summary: 'The access token and nothing else',
  ...handingOut,
  answers: [
    {
      status: 200,
      description: 'The token, without a newline',
      headers: etag,
      type: 'text/plain; charset=utf-8',
      schema: z.string().check(z.minLength(1)),
    },
    unchanged,
  ],
};

export const tokenEvents: RouteDescription = {
  id: 'followTokens',
  summary: 'Each new token as it comes',
  description:
    'Server-sent events: `event: token`, with the generation as `id` and a Token as `data`. The present token comes at once if it can be used. ' +
    'A slow reader skips to the newest. A comment is sent every 15 seconds. A reader that takes in nothing for 60 seconds is disconnected.',
  requestHeaders: {
    'Last-Event-ID': {
      description: 'The generation of the token that the reader has: it is not repeated',
      schema: z.string(),
    },
  },
  streams: true,
  answers: [{ status: 200, description: 'It does not end', type: 'text/event-stream', schema: z.string() }],
};

export const history: RouteDescription = {
  id: 'getHistory',
  summary: 'The last tokens, as fingerprints',
  answers: [
    {
      status: 200,
      description: 'No token is in there',
      type: 'application/json',
      name: 'History',
      schema: historyViewSchema,
    },
  ],
};

export const status: RouteDescription = {
  id: 'getStatus',
  summary: 'How the receiver is',
  answers: [
    {
      status: 200,
      description: 'No token is in there',
      type: 'application/json',
      name: 'Status',
      schema: receiverStatusSchema,
    },
  ],
};

export const alive: RouteDescription = {
  id: 'getHealth',
  summary: 'Whether the receiver is alive',
  answers: [
    {
      status: 200,
      description: 'It is, with a token or without',
      type: 'application/json',
      name: 'Alive',
      schema: aliveSchema,
    },
  ],
};

export const ready: RouteDescription = {
  id: 'getReadiness',
  summary: 'Whether there is a token that is neither stale nor expired',
  answers: [{ status: 200, description: 'There is', type: 'application/json', name: 'Ready', schema: readySchema }],
  problems: [problems.NOT_READY_NONE, problems.NOT_READY_STALE, problems.NOT_READY_EXPIRED],
};

export const metrics: RouteDescription = {
  id: 'getMetrics',
  summary: 'Metrics for Prometheus',
  answers: [
    {
      status: 200,
      description: 'In the text format of Prometheus',
      type: 'text/plain; version=0.0.4; charset=utf-8',
      schema: z.string(),
    },
  ],
};
