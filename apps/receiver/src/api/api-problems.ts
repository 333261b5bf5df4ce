/** The problems that the routes answer with. The OpenAPI document is made from the same. */
import { problemOf, type Answer } from '@token-relay/daemon';
import type { Freshness } from '../holding/held.ts';
import { MAX_WAIT_SECONDS, MIN_WAIT_SECONDS } from './wait-parameter.ts';

export const TOKEN_NOT_FOUND = { status: 404, code: 'token_not_found', title: 'No token yet' };
export const TOKEN_EXPIRED = { status: 503, code: 'token_expired', title: 'The token has expired' };
export const BAD_WAIT = { status: 400, code: 'bad_wait', title: 'This is no time to wait' };
export const TOO_MANY_WAITING = {
  status: 503,
  code: 'too_many_waiting',
  title: 'Too many readers wait already',
  retryAfterSeconds: 1,
};
export const STOPPING = {
  status: 503,
  code: 'stopping',
  title: 'The receiver is stopping',
  retryAfterSeconds: 1,
  closes: true,
};
export const NOT_READY_NONE = { ...TOKEN_NOT_FOUND, status: 503 };
export const NOT_READY_STALE = { status: 503, code: 'token_stale', title: 'The token is stale' };
export const NOT_READY_EXPIRED = TOKEN_EXPIRED;

const NONE_DETAIL = 'No sender has delivered a token since this receiver started. Is token-refresh-sender running?';
const STALE_DETAILS = {
  no_news: 'It still works, but no newer one came for too long. See: token-refresh-sender status',
  ending: 'It still works, but little of its life is left and no newer one came. See: token-refresh-sender status',
};

export function tokenNotFound(): Answer {
  return problemOf(TOKEN_NOT_FOUND, NONE_DETAIL);
}

export function tokenExpired(expiredAtMs: number): Answer {
  const expiredAt = new Date(expiredAtMs).toISOString();
  return problemOf(TOKEN_EXPIRED, `It expired at ${expiredAt} and no newer one came. See: token-refresh-sender status`);
}

export function badWait(): Answer {
  return problemOf(
    BAD_WAIT,
    `wait is a number of seconds, from ${MIN_WAIT_SECONDS} to ${MAX_WAIT_SECONDS}, such as 30 or 2.5`,
  );
}

/** What `/readyz` answers; undefined: ready. */
export function notReady(freshness: Freshness): Answer | undefined {
  switch (freshness.kind) {
    case 'fresh':
      return undefined;
    case 'none':
      return problemOf(NOT_READY_NONE, NONE_DETAIL);
    case 'stale':
      return problemOf(NOT_READY_STALE, STALE_DETAILS[freshness.reason]);
    case 'expired':
      return tokenExpired(freshness.expiredAtMs);
  }
}
