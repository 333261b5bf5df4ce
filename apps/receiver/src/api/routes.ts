/** The receiver's HTTP interface for applications (DESIGN.md, "The receiver, for applications"). */
import { problem, type Answer, type Route } from '@token-relay/daemon';
import type { HeldToken } from '@token-relay/socket';
import type { ReceiverStatus } from '../status/receiver-status.ts';
import { lookUp, tokenView } from './token-view.ts';

export interface ApiSource {
  readonly heldToken: () => HeldToken | undefined;
  readonly status: () => ReceiverStatus;
  readonly nowMs: () => number;
}

/** Add a route here. */
export function apiRoutes(source: ApiSource): readonly Route[] {
  return [
    {
      method: 'GET',
      path: '/v1/token',
      answer: ({ headers }) =>
        withValidToken(source, (held, nowMs) => {
          const etag = `"${held.generation}"`;
          if (matches(headers['if-none-match'], etag)) return { status: 304, headers: { ETag: etag } };
          return { status: 200, headers: { ETag: etag }, body: tokenView(held, nowMs) };
        }),
    },
    {
      method: 'GET',
      path: '/v1/token/raw',
      answer: () =>
        withValidToken(source, (held) => ({
          status: 200,
          headers: { 'Content-Type': 'text/plain; charset=utf-8' },
          body: held.message.accessToken,
        })),
    },
    { method: 'GET', path: '/v1/status', answer: () => ({ status: 200, body: source.status() }) },
    { method: 'GET', path: '/healthz', answer: () => ({ status: 200, body: { status: 'alive' } }) },
  ];
}

/** RFC 9110, 13.1.2: a list, and compared weakly. */
function matches(ifNoneMatch: string | undefined, etag: string): boolean {
  return ifNoneMatch?.split(',').some((entry) => ['*', etag, `W/${etag}`].includes(entry.trim())) === true;
}

function withValidToken(source: ApiSource, answer: (held: HeldToken, nowMs: number) => Answer): Answer {
  const nowMs = source.nowMs();
  const found = lookUp(source.heldToken(), nowMs);
  switch (found.kind) {
    case 'valid':
      return answer(found.held, nowMs);
    case 'none':
      return problem(
        404,
        'token_not_found',
        'No token yet',
        'No sender has delivered a token since this receiver started. Is token-refresh-sender running?',
      );
    case 'expired':
      return problem(
        503,
        'token_expired',
        'The token has expired',
        `It expired at ${new Date(found.expiredAtMs).toISOString()} and no newer one came. See: token-refresh-sender status`,
      );
  }
}
