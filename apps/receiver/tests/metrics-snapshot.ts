import type { ReceiverMetricsSnapshot } from '../src/metrics/receiver-metrics.ts';

/** A receiver with every part set up, and something in every count. */
export const fullReceiverSnapshot: ReceiverMetricsSnapshot = {
  version: '1.2.3',
  process: { startedAtMs: 1_793_990_000_000, residentBytes: 60_000_000, cpuSeconds: 2.5 },
  freshness: 'fresh',
  token: { generation: 7, receivedAtMs: 1_794_000_000_500, expiresAtMs: 1_794_001_800_000 },
  received: { unix: 5, tls: 2 },
  peersRefused: { expired: 4 },
  rejected: { timeout: 3, connection_lost: 1 },
  api: {
    eventReaders: 10,
    waitingReaders: 2,
    connections: 13,
    requests: [
      { route: '/v1/token', status: 200, count: 100 },
      { route: '/v1/token', status: 304, count: 50 },
      { route: 'other', status: 404, count: 1 },
    ],
    eventsSent: 70,
    eventsSkipped: 6,
  },
  sinks: [
    { path: '/run/token.json', format: 'json', state: 'ok', sinceMs: 1_794_000_000_600, writes: 7, failures: 0 },
    {
      path: '/full/token.env',
      format: 'env',
      state: 'failing',
      sinceMs: 1_794_000_000_600,
      reason: 'No room',
      writes: 5,
      failures: 9,
    },
  ],
  hooks: { token: { runs: 7, failures: 1 }, stale: { runs: 0, failures: 0 } },
  credentials: { served: 3, failed: 1, waiting: 2 },
};
