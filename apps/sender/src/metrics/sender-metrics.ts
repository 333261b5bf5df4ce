/**
 * What `/metrics` and StatsD say of the sender. Pure; never holds a token, nor a fingerprint: each would be a time series
 * of its own. Add a metric here, and say in docs/monitoring what it is good for.
 */
import {
  inSeconds,
  metricsOf,
  processMetrics,
  samplesBy,
  type MetricFamily,
  type ProcessReadings,
} from '@token-relay/daemon';
import type { TargetState } from '../delivery/target.ts';
import { loginEndsAt } from '../login/login-lifetime.ts';
import type { LoginState } from '../refresh/login-state.ts';
import type { RefreshReport } from '../refresh/refresh-report.ts';
import type { ClusterStatus } from '../status/cluster-status.ts';

/** Times are epoch milliseconds, counts are since the start. What is undefined is left out. */
export interface SenderMetricsSnapshot {
  readonly version: string;
  readonly process: ProcessReadings;
  readonly state: LoginState['kind'];
  /** Attempts, by what they came to. */
  readonly refreshes: Readonly<Partial<Record<RefreshReport['kind'], number>>>;
  /** The last one that Schwab answered, or should have. */
  readonly lastRefresh: LastRefresh | undefined;
  readonly nextRefreshAtMs: number | undefined;
  readonly accessTokenExpiresAtMs: number | undefined;
  readonly loginAtMs: number | undefined;
  /** False while the newest tokens are in memory only. */
  readonly saved: boolean;
  readonly targets: readonly TargetCounts[];
  /** absent on a single machine */
  readonly cluster?: ClusterStatus | undefined;
}

export interface LastRefresh {
  /** When it ended. */
  readonly atMs: number;
  readonly ok: boolean;
  readonly durationMs?: number | undefined;
}

export interface TargetCounts {
  readonly name: string;
  readonly state: TargetState['kind'];
  readonly deliveries: number;
  /** Attempts that failed. */
  readonly failures: number;
}

const NO_STATE: Readonly<Record<LoginState['kind'], 0>> = {
  healthy: 0,
  waiting: 0,
  retrying: 0,
  confirming: 0,
  login_required: 0,
  misconfigured: 0,
};
/** Shown from the start: a counter that appears with its first count hides that one from `rate()`. */
const NO_REFRESHES: Readonly<Record<Exclude<RefreshReport['kind'], 'stopping'>, 0>> = {
  refreshed: 0,
  not_saved: 0,
  adopted: 0,
  following: 0,
  passing: 0,
  refused: 0,
  login_required: 0,
  misconfigured: 0,
};

const { gauge, counter } = metricsOf('token_refresh_sender_');

export function senderMetrics(snapshot: SenderMetricsSnapshot): readonly MetricFamily[] {
  const { version, state, accessTokenExpiresAtMs, loginAtMs, saved } = snapshot;
  const loginEndsAtMs = loginAtMs === undefined ? undefined : loginEndsAt(loginAtMs);
  return [
    gauge('build_info', 'Always 1; the label says which version runs', [{ labels: { version }, value: 1 }]),
    gauge('state', '1 for the state that the login is in', samplesBy('state', { ...NO_STATE, [state]: 1 })),
    ...refreshMetrics(snapshot),
    gauge(
      'access_token_expires_timestamp_seconds',
      'When the access token expires, if known',
      inSeconds(accessTokenExpiresAtMs),
    ),
    gauge(
      'login_ends_timestamp_seconds',
      'When the login ends, 7 days after it was made, if that is known',
      inSeconds(loginEndsAtMs),
    ),
    gauge('token_saved', '0 while the newest tokens are in memory only, because a save failed', saved),
    ...targetMetrics(snapshot.targets),
    ...(snapshot.cluster === undefined ? [] : clusterMetrics(snapshot.cluster)),
    ...processMetrics(snapshot.process),
  ];
}

function refreshMetrics(snapshot: SenderMetricsSnapshot): readonly MetricFamily[] {
  const { refreshes, lastRefresh: last, nextRefreshAtMs } = snapshot;
  // What the stop of the daemon cut off is no attempt.
  const outcomes = { ...NO_REFRESHES, ...refreshes, stopping: undefined };
  return [
    counter('refreshes_total', 'Attempts to refresh, by what they came to', samplesBy('outcome', outcomes)),
    gauge('last_refresh_timestamp_seconds', 'When the last request to Schwab ended', inSeconds(last?.atMs)),
    gauge('last_refresh_success', '1 if the last request to Schwab brought a token', last?.ok),
    gauge('last_refresh_duration_seconds', 'How long the last request to Schwab took', inSeconds(last?.durationMs)),
    gauge('next_refresh_timestamp_seconds', 'When the next refresh is due', inSeconds(nextRefreshAtMs)),
  ];
}

function targetMetrics(targets: readonly TargetCounts[]): readonly MetricFamily[] {
  const perTarget = (value: (target: TargetCounts) => number) =>
    targets.map((target) => ({ labels: { target: target.name }, value: value(target) }));
  const up = perTarget(({ state }) => Number(state !== 'undelivered'));
  const deliveries = perTarget((target) => target.deliveries);
  const failures = perTarget((target) => target.failures);
  return [
    gauge('target_up', '0 while a token waits for the target, after the attempts in a row failed', up),
    counter('deliveries_total', 'Tokens delivered to the target', deliveries),
    counter('delivery_failures_total', 'Attempts to deliver that failed', failures),
  ];
}

const NO_ROLE: Readonly<Record<ClusterStatus['role'], 0>> = { leader: 0, follower: 0, alone: 0, waiting: 0, single: 0 };

function clusterMetrics({ role, since, revision, problem, hosts }: ClusterStatus): readonly MetricFamily[] {
  const ages = hosts.map(({ host, token_age_seconds: value }) => ({ labels: { host }, value: value ?? NaN }));
  return [
    gauge('cluster_role', '1 for the role of this host in its cluster', samplesBy('role', { ...NO_ROLE, [role]: 1 })),
    gauge('cluster_role_since_timestamp_seconds', 'Since when it has its role', inSeconds(Date.parse(since))),
    gauge('cluster_store_up', '0 while the store is away, or cannot be used', problem === undefined),
    gauge('cluster_token_revision', 'Of the token set that is held, counted from each login on', revision),
    gauge('cluster_hosts', 'Hosts that were there when they were last looked for', hosts.length),
    gauge('cluster_host_token_age_seconds', 'Age of each host’s access token, as it last said', ages),
  ];
}
