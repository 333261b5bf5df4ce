/** Puts together, from what the parts report, what the metrics are made of. Pure. */
import { knownLoginAtMs } from '@token-relay/tokens';
import type { TargetReport } from '../delivery/targets.ts';
import type { RefresherSnapshot } from '../refresh/refresh-report.ts';
import type { ClusterStatus } from '../status/cluster-status.ts';
import type { LastRefresh, SenderMetricsSnapshot } from './sender-metrics.ts';

export interface MetricsParts {
  readonly version: string;
  readonly startedAtMs: number;
  readonly nowMs: number;
  readonly usage: { readonly residentBytes: number; readonly cpuSeconds: number };
  readonly refresher: Omit<RefresherSnapshot, 'lastRefresh'> & { readonly lastRefresh: LastRefresh | undefined };
  /** Attempts to refresh since the start, by what they came to. */
  readonly attempts: SenderMetricsSnapshot['refreshes'];
  readonly cluster?: ClusterStatus | undefined;
  readonly targets: readonly (TargetReport & { readonly deliveries: number; readonly failures: number })[];
}

export function metricsSnapshot(parts: MetricsParts): SenderMetricsSnapshot {
  const { version, startedAtMs, nowMs, usage, refresher, attempts, targets, cluster } = parts;
  const { state, tokenSet, saved, lastRefresh, nextRefreshAtMs } = refresher;
  return {
    version,
    process: { startedAtMs, ...usage },
    state: state.kind,
    refreshes: attempts,
    lastRefresh,
    nextRefreshAtMs,
    accessTokenExpiresAtMs: tokenSet?.accessToken === undefined ? undefined : tokenSet.expiresAtMs,
    loginAtMs: knownLoginAtMs(tokenSet, nowMs),
    saved,
    cluster,
    targets: targets.map(({ config, state: { kind }, deliveries, failures }) => ({
      name: config.name,
      state: kind,
      deliveries,
      failures,
    })),
  };
}
