/** Puts the status report together from what the parts say. Pure. */
import { fingerprint, knownLoginAtMs } from '@token-relay/tokens';
import { formatAddress } from '@token-relay/socket';
import type { TargetReport } from '../delivery/targets.ts';
import { loginEndsAt } from '../login/login-lifetime.ts';
import { adviceFor, type AdviceContext } from '../refresh/advice.ts';
import type { RefresherSnapshot } from '../refresh/refresh-report.ts';
import type { ClusterStatus } from './cluster-status.ts';
import type { StatusReport } from './status-report.ts';

export interface ReportParts {
  readonly version: string;
  readonly pid: number;
  readonly startedAtMs: number;
  readonly nowMs: number;
  readonly advice: AdviceContext;
  readonly refresher: RefresherSnapshot;
  readonly targets: readonly TargetReport[];
  /** absent on a single machine */
  readonly cluster?: ClusterStatus | undefined;
}

export function buildReport(parts: ReportParts): StatusReport {
  const { version, pid, startedAtMs, nowMs, advice, refresher, targets, cluster } = parts;
  const { state, tokenSet, lastRefresh, nextRefreshAtMs } = refresher;
  const advised = adviceFor(state.kind, advice);
  const accessToken = tokenSet?.accessToken;
  const loginAtMs = knownLoginAtMs(tokenSet, nowMs);
  return {
    version,
    pid,
    started_at: iso(startedAtMs),
    state: state.kind,
    ...(state.kind === 'healthy' ? {} : { since: iso(state.sinceMs), problem: state.reason }),
    ...(advised === undefined ? {} : { advice: advised }),
    token_file: advice.tokenFile,
    saved: refresher.saved,
    ...(accessToken === undefined
      ? {}
      : {
          access_token: {
            // Made when it is read: an idle sender, which tells systemd its status, needs no node:crypto for that.
            get fingerprint() {
              return fingerprint(accessToken);
            },
            ...(tokenSet?.expiresAtMs === undefined ? {} : { expires_at: iso(tokenSet.expiresAtMs) }),
          },
        }),
    ...(loginAtMs === undefined
      ? {}
      : { login: { logged_in_at: iso(loginAtMs), ends_at: iso(loginEndsAt(loginAtMs)) } }),
    ...(lastRefresh === undefined
      ? {}
      : { last_refresh: { at: iso(lastRefresh.atMs), ok: lastRefresh.ok, message: lastRefresh.message } }),
    ...(nextRefreshAtMs === undefined ? {} : { next_refresh_at: iso(nextRefreshAtMs) }),
    refreshes: refresher.refreshes,
    targets: targets.map(targetReport),
    ...(cluster === undefined ? {} : { cluster }),
  };
}

function targetReport({ config, state }: TargetReport): StatusReport['targets'][number] {
  const base = { name: config.name, address: formatAddress(config.address), format: config.format, state: state.kind };
  switch (state.kind) {
    case 'idle':
    case 'delivering':
      return base;
    case 'delivered':
      return { ...base, since: iso(state.atMs) };
    case 'undelivered':
      return { ...base, since: iso(state.sinceMs), reason: state.reason };
  }
}

function iso(ms: number): string {
  return new Date(ms).toISOString();
}
