import { renderMetrics } from '@token-relay/daemon';
import { spawnSync } from 'node:child_process';
import { expect, test } from 'vitest';
import { metricsSnapshot } from '../src/metrics/metrics-snapshot.ts';
import { receiverMetrics, type ReceiverMetricsSnapshot } from '../src/metrics/receiver-metrics.ts';
import { fullReceiverSnapshot } from './metrics-snapshot.ts';

const { version, process: readings, freshness, received, rejected, token } = fullReceiverSnapshot;
/** Only what every receiver has. */
const bare: ReceiverMetricsSnapshot = { version, process: readings, freshness, received, rejected };

async function linesOf(snapshot: ReceiverMetricsSnapshot): Promise<string[]> {
  const { text } = await renderMetrics(receiverMetrics(snapshot));
  return text.split('\n').filter((line) => line.startsWith('token_receiver_'));
}

test('promtool has nothing against the metrics', async () => {
  const { text } = await renderMetrics(receiverMetrics(fullReceiverSnapshot));
  const checked = spawnSync('promtool', ['check', 'metrics'], { input: text, encoding: 'utf8' });
  expect(checked).toMatchObject({ status: 0, stdout: '', stderr: '' });
});

test('every part of the receiver has its metrics', async () => {
  expect(await linesOf(fullReceiverSnapshot)).toEqual([
    'token_receiver_build_info{version="1.2.3"} 1',
    'token_receiver_token_generation 7',
    'token_receiver_token_expires_timestamp_seconds 1794001800',
    'token_receiver_token_received_timestamp_seconds 1794000000.5',
    'token_receiver_token_fresh 1',
    'token_receiver_token_stale 0',
    'token_receiver_token_expired 0',
    'token_receiver_tokens_received_total{from="unix"} 5',
    'token_receiver_tokens_received_total{from="tcp"} 0',
    'token_receiver_tokens_received_total{from="tls"} 2',
    'token_receiver_tokens_rejected_total{code="too_large"} 0',
    'token_receiver_tokens_rejected_total{code="timeout"} 3',
    'token_receiver_tokens_rejected_total{code="not_utf8"} 0',
    'token_receiver_tokens_rejected_total{code="bad_json"} 0',
    'token_receiver_tokens_rejected_total{code="bad_message"} 0',
    'token_receiver_tokens_rejected_total{code="bad_token"} 0',
    'token_receiver_tokens_rejected_total{code="empty"} 0',
    'token_receiver_tokens_rejected_total{code="busy"} 0',
    'token_receiver_tokens_rejected_total{code="connection_lost"} 1',
    'token_receiver_tls_peers_refused_total{code="expired"} 4',
    'token_receiver_event_readers 10',
    'token_receiver_waiting_readers 2',
    'token_receiver_api_connections 13',
    'token_receiver_http_requests_total{route="/v1/token",status="200"} 100',
    'token_receiver_http_requests_total{route="/v1/token",status="304"} 50',
    'token_receiver_http_requests_total{route="other",status="404"} 1',
    'token_receiver_events_sent_total 70',
    'token_receiver_events_skipped_total 6',
    'token_receiver_sink_up{path="/run/token.json",format="json"} 1',
    'token_receiver_sink_up{path="/full/token.env",format="env"} 0',
    'token_receiver_sink_writes_total{path="/run/token.json",format="json"} 7',
    'token_receiver_sink_writes_total{path="/full/token.env",format="env"} 5',
    'token_receiver_sink_failures_total{path="/run/token.json",format="json"} 0',
    'token_receiver_sink_failures_total{path="/full/token.env",format="env"} 9',
    'token_receiver_hook_runs_total{event="token"} 7',
    'token_receiver_hook_runs_total{event="stale"} 0',
    'token_receiver_hook_failures_total{event="token"} 1',
    'token_receiver_hook_failures_total{event="stale"} 0',
    'token_receiver_credentials_served_total 3',
    'token_receiver_credentials_failed_total 1',
  ]);
});

test('parts that are not set up have none', async () => {
  const lines = await linesOf({ ...bare, token });
  expect(lines.filter((line) => /sink|hook|credentials|readers|http|events|tls_peers/.test(line))).toEqual([]);
  expect(lines).toContain('token_receiver_token_generation 7');
});

test('before the first token: generation 0, and no time is made up', async () => {
  const lines = await linesOf({ ...bare, freshness: 'none' });
  expect(lines.filter((line) => line.startsWith('token_receiver_token_'))).toEqual([
    'token_receiver_token_generation 0',
    'token_receiver_token_fresh 0',
    'token_receiver_token_stale 0',
    'token_receiver_token_expired 0',
  ]);
});

test('an expiry that is not known is left out', async () => {
  const lines = await linesOf({ ...bare, token: { generation: 1, receivedAtMs: 1_794_000_000_000 } });
  expect(lines.join('\n')).not.toContain('expires');
  expect(lines).toContain('token_receiver_token_received_timestamp_seconds 1794000000');
});

test.each(['fresh', 'stale', 'expired'] as const)('a token that is %s is that and nothing else', async (freshness) => {
  const lines = await linesOf({ ...fullReceiverSnapshot, freshness });
  for (const kind of ['fresh', 'stale', 'expired']) {
    expect(lines).toContain(`token_receiver_token_${kind} ${kind === freshness ? 1 : 0}`);
  }
});

test('the ways in and the codes are there from the start, so that rate() sees the first of each', async () => {
  const lines = await linesOf({ ...bare, received: {}, rejected: {} });
  expect(lines).toContain('token_receiver_tokens_received_total{from="tls"} 0');
  expect(lines).toContain('token_receiver_tokens_rejected_total{code="bad_message"} 0');
});

test('what the parts report comes into the metrics, and the token does not', async () => {
  const { sinks, hooks, credentials, peersRefused, api } = fullReceiverSnapshot;
  if (api === undefined || sinks === undefined) throw new Error('not full');
  const message = { accessToken: 'made-up-access', refreshToken: 'made-up-refresh', expiresAtMs: 1_794_001_800_000 };
  const snapshot = metricsSnapshot({
    version,
    startedAtMs: readings.startedAtMs,
    usage: { residentBytes: readings.residentBytes, cpuSeconds: readings.cpuSeconds },
    freshness: { kind: 'fresh' },
    held: { message, generation: 7, receivedAtMs: 1_794_000_000_500, from: 'unix' },
    received,
    rejected,
    api,
    sinks,
    hooks,
    credentials,
    peersRefused,
  });
  expect(await linesOf(snapshot)).toEqual(await linesOf(fullReceiverSnapshot));
  expect(JSON.stringify(snapshot)).not.toContain('made-up');
});
