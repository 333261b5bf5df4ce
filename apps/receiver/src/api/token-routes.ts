/** The routes that hand out the token. */
import type { LocalRequest, Route, RouteAnswer } from '@token-relay/daemon';
import type { HeldToken } from '@token-relay/socket';
import { badWait, tokenExpired, tokenNotFound } from './api-problems.ts';
import type { EventReaders } from './event-readers.ts';
import { decideToken, type TokenDecision } from './token-decision.ts';
import type { TokenRenderings } from './token-renderings.ts';
import { askedWait } from './wait-parameter.ts';
import type { WaitingReaders } from './waiting-readers.ts';

export interface TokenRouteParts {
  readonly latest: () => HeldToken | undefined;
  readonly nowMs: () => number;
  readonly renderings: TokenRenderings;
  readonly waiting: WaitingReaders;
  readonly readers: EventReaders;
}

type Render = (held: HeldToken) => RouteAnswer;

const describe = () => import('./describe-routes.ts');

export function tokenRoutes(parts: TokenRouteParts): readonly Route[] {
  const { renderings, readers } = parts;
  return [
    {
      method: 'GET',
      path: '/v1/token',
      describe: async () => (await describe()).token,
      answer: (request) => handOut(request, parts, renderings.view),
    },
    {
      method: 'GET',
      path: '/v1/token/raw',
      describe: async () => (await describe()).rawToken,
      answer: (request) => handOut(request, parts, renderings.raw),
    },
    {
      method: 'GET',
      path: '/v1/token/events',
      describe: async () => (await describe()).tokenEvents,
      answer: ({ headers }) => {
        const lastEventId = headers['last-event-id'];
        const known = typeof lastEventId === 'string' ? lastEventId : undefined;
        return {
          status: 200,
          headers: { 'Content-Type': 'text/event-stream' },
          stream: (to) => readers.add(to, known),
        };
      },
    },
  ];
}

function handOut(
  request: LocalRequest,
  { latest, nowMs, renderings, waiting }: TokenRouteParts,
  render: (held: HeldToken, nowMs: number) => RouteAnswer,
): RouteAnswer | Promise<RouteAnswer> {
  const wait = askedWait(request.queryValue('wait'));
  if (wait.kind === 'bad') return badWait();
  const ifNoneMatch = request.headers['if-none-match'];
  const decide = (): { kind: TokenDecision['kind']; answer: RouteAnswer } => {
    const now = nowMs();
    const decision = decideToken(latest(), ifNoneMatch, now);
    return { kind: decision.kind, answer: answerTo(decision, (held) => render(held, now), renderings.unchanged) };
  };
  const { kind, answer } = decide();
  if (kind === 'send' || wait.kind === 'none') return answer;
  return waiting.add({
    waitMs: wait.waitMs,
    signal: request.signal,
    ready: () => {
      const now = decide();
      return now.kind === 'send' ? now.answer : undefined;
    },
    late: () => decide().answer,
  });
}

function answerTo(decision: TokenDecision, sent: Render, unchanged: Render): RouteAnswer {
  switch (decision.kind) {
    case 'send':
      return sent(decision.held);
    case 'unchanged':
      return unchanged(decision.held);
    case 'none':
      return tokenNotFound();
    case 'expired':
      return tokenExpired(decision.expiredAtMs);
  }
}
