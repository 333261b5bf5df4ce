import { createLocalHttp, renderMetrics, requestLocal } from '@token-relay/daemon';
import { spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { metricsSnapshot, type MetricsParts } from '../src/metrics/metrics-snapshot.ts';
import { senderMetrics, type SenderMetricsSnapshot } from '../src/metrics/sender-metrics.ts';
import { probeRoutes } from '../src/metrics/sender-probes.ts';
import type { StatusReport } from '../src/status/status-report.ts';
import { clusterSenderSnapshot, fullSenderSnapshot } from './metrics-snapshot.ts';
import { temporaryFolder } from './temporary-folder.ts';

async function linesOf(snapshot: SenderMetricsSnapshot): Promise<string[]> {
  const { text } = await renderMetrics(senderMetrics(snapshot));
  return text.split('\n').filter((line) => line.startsWith('token_refresh_sender_'));
}

test('promtool has nothing against the metrics', async () => {
  const { text } = await renderMetrics(senderMetrics(fullSenderSnapshot));
  const checked = spawnSync('promtool', ['check', 'metrics'], { input: text, encoding: 'utf8' });
  expect(checked).toMatchObject({ status: 0, stdout: '', stderr: '' });
});

test('every part of the sender has its metrics', async () => {
  expect(await linesOf(fullSenderSnapshot)).toEqual([
    'token_refresh_sender_build_info{version="1.2.3"} 1',
    'token_refresh_sender_state{state="healthy"} 0',
    'token_refresh_sender_state{state="waiting"} 0',
    'token_refresh_sender_state{state="retrying"} 1',
    'token_refresh_sender_state{state="confirming"} 0',
    'token_refresh_sender_state{state="login_required"} 0',
    'token_refresh_sender_state{state="misconfigured"} 0',
    'token_refresh_sender_refreshes_total{outcome="refreshed"} 12',
    'token_refresh_sender_refreshes_total{outcome="not_saved"} 0',
    'token_refresh_sender_refreshes_total{outcome="adopted"} 0',
    'token_refresh_sender_refreshes_total{outcome="following"} 0',
    'token_refresh_sender_refreshes_total{outcome="passing"} 3',
    'token_refresh_sender_refreshes_total{outcome="refused"} 0',
    'token_refresh_sender_refreshes_total{outcome="login_required"} 0',
    'token_refresh_sender_refreshes_total{outcome="misconfigured"} 0',
    'token_refresh_sender_last_refresh_timestamp_seconds 1794000000.5',
    'token_refresh_sender_last_refresh_success 0',
    'token_refresh_sender_last_refresh_duration_seconds 0.25',
    'token_refresh_sender_next_refresh_timestamp_seconds 1794000010',
    'token_refresh_sender_access_token_expires_timestamp_seconds 1794001800',
    'token_refresh_sender_login_ends_timestamp_seconds 1794504800',
    'token_refresh_sender_token_saved 1',
    'token_refresh_sender_target_up{target="bot"} 1',
    'token_refresh_sender_target_up{target="other"} 0',
    'token_refresh_sender_deliveries_total{target="bot"} 12',
    'token_refresh_sender_deliveries_total{target="other"} 9',
    'token_refresh_sender_delivery_failures_total{target="bot"} 0',
    'token_refresh_sender_delivery_failures_total{target="other"} 4',
  ]);
});

test('a host of a cluster says what it is in it, and which hosts it knows of', async () => {
  const lines = await linesOf(clusterSenderSnapshot);
  expect(lines.filter((line) => line.includes('_cluster_'))).toEqual([
    'token_refresh_sender_cluster_role{role="leader"} 0',
    'token_refresh_sender_cluster_role{role="follower"} 1',
    'token_refresh_sender_cluster_role{role="alone"} 0',
    'token_refresh_sender_cluster_role{role="waiting"} 0',
    'token_refresh_sender_cluster_role{role="single"} 0',
    'token_refresh_sender_cluster_role_since_timestamp_seconds 1793995200',
    'token_refresh_sender_cluster_store_up 1',
    'token_refresh_sender_cluster_token_revision 7',
    'token_refresh_sender_cluster_hosts 1',
    'token_refresh_sender_cluster_host_token_age_seconds{host="alpha"} 60',
  ]);
});

test.each(['healthy', 'waiting', 'retrying', 'confirming', 'login_required', 'misconfigured'] as const)(
  'the state %s is the only one that is 1',
  async (state) => {
    const ones = (await linesOf({ ...fullSenderSnapshot, state })).filter((line) => /_state\{.*1$/.test(line));
    expect(ones).toEqual([`token_refresh_sender_state{state="${state}"} 1`]);
  },
);

test('what is not known is left out: no time is made up', async () => {
  const unknown = {
    lastRefresh: undefined,
    nextRefreshAtMs: undefined,
    accessTokenExpiresAtMs: undefined,
    loginAtMs: undefined,
    targets: [],
  };
  const lines = await linesOf({ ...fullSenderSnapshot, ...unknown });
  expect(lines.filter((line) => /timestamp|last_refresh|target|deliver/.test(line))).toEqual([]);
});

test('a target that was not sent anything yet is not down', async () => {
  for (const state of ['idle', 'delivering', 'delivered'] as const) {
    const lines = await linesOf({
      ...fullSenderSnapshot,
      targets: [{ name: 'bot', state, deliveries: 0, failures: 0 }],
    });
    expect(lines).toContain('token_refresh_sender_target_up{target="bot"} 1');
  }
});

test('an attempt that the stop cut off is no outcome', async () => {
  const lines = await linesOf({ ...fullSenderSnapshot, refreshes: { refreshed: 1, stopping: 1 } });
  expect(lines).toContain('token_refresh_sender_refreshes_total{outcome="refreshed"} 1');
  expect(lines.join('\n')).not.toContain('stopping');
});

test('tokens that are in memory only show', async () => {
  expect(await linesOf({ ...fullSenderSnapshot, saved: false })).toContain('token_refresh_sender_token_saved 0');
});

const NOW_MS = 1_794_000_000_000;
const minute = 60_000;
const parts: MetricsParts = {
  version: '1.2.3',
  startedAtMs: NOW_MS - 60 * minute,
  nowMs: NOW_MS,
  usage: { residentBytes: 60_000_000, cpuSeconds: 2.5 },
  refresher: {
    state: { kind: 'login_required', sinceMs: NOW_MS - minute, reason: 'Schwab said no' },
    tokenSet: {
      accessToken: 'made-up-access',
      refreshToken: 'made-up-refresh',
      expiresAtMs: NOW_MS + minute,
      loginAtMs: NOW_MS - 5 * minute,
    },
    saved: false,
    lastRefresh: { atMs: NOW_MS - minute, ok: false, durationMs: 125 },
    nextRefreshAtMs: NOW_MS + 29 * minute,
    refreshes: 3,
  },
  attempts: { refreshed: 3, login_required: 1, stopping: 1 },
  targets: [
    {
      config: {
        name: 'bot',
        address: { kind: 'unix', path: '/run/bot.sock' },
        format: 'json',
        includeRefreshToken: true,
      },
      state: { kind: 'undelivered', sinceMs: NOW_MS, reason: 'Nobody is listening.' },
      deliveries: 2,
      failures: 5,
    },
  ],
};

test('what the parts report comes into the metrics, and no token does', () => {
  const snapshot = metricsSnapshot(parts);
  expect(snapshot).toEqual({
    version: '1.2.3',
    process: { startedAtMs: NOW_MS - 60 * minute, residentBytes: 60_000_000, cpuSeconds: 2.5 },
    state: 'login_required',
    refreshes: { refreshed: 3, login_required: 1, stopping: 1 },
    lastRefresh: { atMs: NOW_MS - minute, ok: false, durationMs: 125 },
    nextRefreshAtMs: NOW_MS + 29 * minute,
    accessTokenExpiresAtMs: NOW_MS + minute,
    loginAtMs: NOW_MS - 5 * minute,
    saved: false,
    targets: [{ name: 'bot', state: 'undelivered', deliveries: 2, failures: 5 }],
  });
  expect(JSON.stringify(snapshot)).not.toContain('made-up');
});

test('a login that is said to be made only later counts as unknown, and so does the expiry of no token', () => {
  const { refresher } = parts;
  const withTokens = (tokenSet: MetricsParts['refresher']['tokenSet']) =>
    metricsSnapshot({ ...parts, refresher: { ...refresher, tokenSet } });
  expect(withTokens({ refreshToken: 'made-up', loginAtMs: NOW_MS + 60 * minute }).loginAtMs).toBeUndefined();
  expect(withTokens({ refreshToken: 'made-up', expiresAtMs: NOW_MS }).accessTokenExpiresAtMs).toBeUndefined();
  expect(withTokens(undefined).loginAtMs).toBeUndefined();
});

const status: StatusReport = {
  version: '1.2.3',
  pid: 42,
  started_at: new Date(NOW_MS).toISOString(),
  state: 'healthy',
  token_file: '/home/made-up/tokens.json',
  saved: true,
  refreshes: 1,
  targets: [],
};

async function probe(path: string, report: StatusReport): Promise<{ status: number; body: unknown }> {
  const log = { debug: () => undefined, info: () => undefined, warn: () => undefined, error: () => undefined };
  const server = createLocalHttp(probeRoutes({ status: () => report, nowMs: () => NOW_MS }), { log });
  const socketPath = join(temporaryFolder(), 'control.sock');
  server.listen(socketPath);
  onTestFinished(() => {
    server.close();
    server.closeAllConnections();
  });
  await once(server, 'listening');
  const answer = await requestLocal(socketPath, { method: 'GET', path, timeoutMs: 20_000 });
  return { status: answer.status, body: answer.body };
}

test('/healthz: alive, whatever the state', async () => {
  expect(await probe('/healthz', { ...status, state: 'login_required' })).toEqual({
    status: 200,
    body: { status: 'alive' },
  });
});

test('/readyz: ready with an access token that has not expired', async () => {
  const expiring = (ms: number) => ({
    access_token: { fingerprint: '01234567', expires_at: new Date(ms).toISOString() },
  });
  const ready = { status: 200, body: { status: 'ready' } };
  expect(await probe('/readyz', { ...status, ...expiring(NOW_MS + 1) })).toEqual(ready);
  expect(await probe('/readyz', { ...status, access_token: { fingerprint: '01234567' } })).toEqual(ready);
  expect(await probe('/readyz', { ...status, ...expiring(NOW_MS) })).toMatchObject({
    status: 503,
    body: { code: 'token_expired' },
  });
  expect(await probe('/readyz', { ...status, state: 'login_required', advice: 'Log in.' })).toMatchObject({
    status: 503,
    body: { code: 'token_not_found', detail: 'Log in.' },
  });
});
