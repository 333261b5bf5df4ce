/** The receiver's HTTP interface for applications (DESIGN.md, "The receiver, for applications"). */
import { openApiRoute, type Route } from '@token-relay/daemon';
import type { TokenHolding } from '../holding/held.ts';
import type { ReceiverStatus } from '../status/receiver-status.ts';
import { version } from '../version.ts';
import { notReady } from './api-problems.ts';
import { historyView } from './history-view.ts';
import { tokenRoutes, type TokenRouteParts } from './token-routes.ts';

export interface ApiSource {
  readonly holding: TokenHolding;
  readonly status: () => ReceiverStatus;
  readonly nowMs: () => number;
}

const INFO = {
  title: 'token-receiver',
  version,
  description:
    'The access token for the applications of this machine. Errors are problem details (RFC 9457) with a `code`. Every path can be asked with ' +
    'HEAD too. Parameters and members that are not known are to be ignored. A path that is not here is answered with NotFound, a method ' +
    'that a path does not have with MethodNotAllowed.',
};

const describe = () => import('./describe-routes.ts');

/** Add a route here. `extra` are the routes that other parts make. */
export function apiRoutes(source: ApiSource, parts: TokenRouteParts, extra: readonly Route[]): readonly Route[] {
  const routes: readonly Route[] = [
    ...tokenRoutes(parts),
    {
      method: 'GET',
      path: '/v1/history',
      describe: async () => (await describe()).history,
      answer: () => ({ status: 200, body: historyView(source.holding.history()) }),
    },
    {
      method: 'GET',
      path: '/v1/status',
      evenWhenFull: true,
      describe: async () => (await describe()).status,
      answer: () => ({ status: 200, body: source.status() }),
    },
    {
      method: 'GET',
      path: '/healthz',
      evenWhenFull: true,
      describe: async () => (await describe()).alive,
      answer: () => ({ status: 200, body: { status: 'alive' } }),
    },
    {
      method: 'GET',
      path: '/readyz',
      evenWhenFull: true,
      describe: async () => (await describe()).ready,
      answer: () => notReady(source.holding.freshness()) ?? { status: 200, body: { status: 'ready' } },
    },
    ...extra.map((route) => (route.path === '/metrics' ? withMetricsDescription(route) : route)),
    openApiRoute(INFO, () => routes),
  ];
  return routes;
}

function withMetricsDescription(route: Route): Route {
  return { evenWhenFull: true, describe: async () => (await describe()).metrics, ...route };
}
