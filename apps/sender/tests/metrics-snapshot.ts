import type { SenderMetricsSnapshot } from '../src/metrics/sender-metrics.ts';

const LOGIN_AT_MS = 1_793_900_000_000;

/** A sender in which everything is known. */
export const fullSenderSnapshot: SenderMetricsSnapshot = {
  version: '1.2.3',
  process: { startedAtMs: 1_793_990_000_000, residentBytes: 60_000_000, cpuSeconds: 2.5 },
  state: 'retrying',
  refreshes: { refreshed: 12, passing: 3 },
  lastRefresh: { atMs: 1_794_000_000_500, ok: false, durationMs: 250 },
  nextRefreshAtMs: 1_794_000_010_000,
  accessTokenExpiresAtMs: 1_794_001_800_000,
  loginAtMs: LOGIN_AT_MS,
  saved: true,
  targets: [
    { name: 'bot', state: 'delivered', deliveries: 12, failures: 0 },
    { name: 'other', state: 'undelivered', deliveries: 9, failures: 4 },
  ],
};

/** The same in a cluster. */
export const clusterSenderSnapshot: SenderMetricsSnapshot = {
  ...fullSenderSnapshot,
  cluster: {
    host: 'alpha',
    role: 'follower',
    leader: 'beta',
    since: '2026-11-06T20:00:00.000Z',
    revision: 7,
    hosts: [
      { host: 'alpha', version: '1.2.3', role: 'follower', state: 'healthy', revision: 7, token_age_seconds: 60 },
    ],
  },
};
