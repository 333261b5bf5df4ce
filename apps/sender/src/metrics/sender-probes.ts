/** `/healthz` and `/readyz` of the sender, for what watches it. */
import { problem, type Answer, type Route } from '@token-relay/daemon';
import type { StatusReport } from '../status/status-report.ts';

export interface ProbeSource {
  readonly status: () => StatusReport;
  readonly nowMs: () => number;
}

/** Alive: it answers. Ready: it has an access token that is not known to have expired. */
export function probeRoutes({ status, nowMs }: ProbeSource): readonly Route[] {
  return [
    { method: 'GET', path: '/healthz', answer: () => ({ status: 200, body: { status: 'alive' } }) },
    { method: 'GET', path: '/readyz', answer: () => readiness(status(), nowMs()) },
  ];
}

function readiness({ access_token: token, state, advice }: StatusReport, nowMs: number): Answer {
  const detail = advice ?? `The state is: ${state}. See: token-refresh-sender status`;
  if (token === undefined) return problem(503, 'token_not_found', 'There is no access token', detail);
  return token.expires_at !== undefined && Date.parse(token.expires_at) <= nowMs
    ? problem(503, 'token_expired', 'The access token has expired', detail)
    : { status: 200, body: { status: 'ready' } };
}
