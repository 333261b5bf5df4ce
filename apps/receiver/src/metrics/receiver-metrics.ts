/**
 * What `/metrics` and StatsD say of the receiver. Pure; never holds a token, nor a fingerprint: each would be a time
 * series of its own. Add a metric here, and say in docs/monitoring what it is good for.
 */
import {
  inSeconds,
  metricsOf,
  processMetrics,
  samplesBy,
  type MetricFamily,
  type ProcessReadings,
} from '@token-relay/daemon';
import type { PeerRefusal, Rejection } from '@token-relay/socket';
import type { CredentialReport } from '../credential/credential-socket.ts';
import type { Freshness } from '../holding/held.ts';
import type { HookCounts } from '../hooks/receiver-hooks.ts';
import type { SinkReport } from '../sinks/sink.ts';

/** Times are epoch milliseconds, counts are since the start. The metrics of a part that is absent are left out. */
export interface ReceiverMetricsSnapshot {
  readonly version: string;
  readonly process: ProcessReadings;
  readonly freshness: Freshness['kind'];
  /** The one that is held, expired or not. */
  readonly token?: HeldTokenTimes | undefined;
  /** Tokens accepted, by the way in that they came: `unix`, `tcp`, `tls`. */
  readonly received: Readonly<Record<string, number>>;
  /** Messages refused, by code. */
  readonly rejected: Readonly<Record<string, number>>;
  /** Those who were turned away at the TLS port, by code. */
  readonly peersRefused?: Readonly<Partial<Record<PeerRefusal['code'], number>>> | undefined;
  readonly api?: ApiCounts | undefined;
  readonly sinks?: readonly SinkReport[] | undefined;
  /** By event. */
  readonly hooks?: Readonly<Record<string, HookCounts>> | undefined;
  readonly credentials?: CredentialReport | undefined;
}

export interface HeldTokenTimes {
  readonly generation: number;
  readonly receivedAtMs: number;
  readonly expiresAtMs?: number | undefined;
}

export interface ApiCounts {
  readonly eventReaders: number;
  readonly waitingReaders: number;
  readonly connections: number;
  /** `route` is one of the interface's paths, or `other`: never what a client made up. */
  readonly requests: readonly { readonly route: string; readonly status: number; readonly count: number }[];
  readonly eventsSent: number;
  /** Not sent, because the reader was slow and a newer one came. */
  readonly eventsSkipped: number;
}

/** Shown from the start: a counter that appears with its first count hides that one from `rate()`. */
const NONE_RECEIVED: Readonly<Record<Rejection['from'], 0>> = { unix: 0, tcp: 0, tls: 0 };
/** Those of TLS are counted as peers. */
const NONE_REJECTED: Readonly<Record<Exclude<Rejection['code'], 'not_authorized'>, 0>> = {
  too_large: 0,
  timeout: 0,
  not_utf8: 0,
  bad_json: 0,
  bad_message: 0,
  bad_token: 0,
  empty: 0,
  busy: 0,
  connection_lost: 0,
};

const { gauge, counter } = metricsOf('token_receiver_');

export function receiverMetrics(snapshot: ReceiverMetricsSnapshot): readonly MetricFamily[] {
  const { version, received, rejected, peersRefused, credentials } = snapshot;
  return [
    gauge('build_info', 'Always 1; the label says which version runs', [{ labels: { version }, value: 1 }]),
    ...tokenMetrics(snapshot),
    counter(
      'tokens_received_total',
      'Tokens accepted, by the way in',
      samplesBy('from', { ...NONE_RECEIVED, ...received }),
    ),
    counter('tokens_rejected_total', 'Messages refused, by code', samplesBy('code', { ...NONE_REJECTED, ...rejected })),
    counter(
      'tls_peers_refused_total',
      'Those who were turned away at the TLS port, by code',
      peersRefused && samplesBy('code', peersRefused),
    ),
    ...apiMetrics(snapshot.api),
    ...sinkMetrics(snapshot.sinks ?? []),
    ...hookMetrics(snapshot.hooks ?? {}),
    counter('credentials_served_total', 'Tokens handed out over the credential socket', credentials?.served),
    counter('credentials_failed_total', 'Units that got no token over the credential socket', credentials?.failed),
    ...processMetrics(snapshot.process),
  ];
}

function tokenMetrics({ token, freshness }: ReceiverMetricsSnapshot): readonly MetricFamily[] {
  return [
    gauge('token_generation', 'Number of the token that is held; 0: none yet', token?.generation ?? 0),
    gauge('token_expires_timestamp_seconds', 'When the token expires, if known', inSeconds(token?.expiresAtMs)),
    gauge('token_received_timestamp_seconds', 'When the token was received', inSeconds(token?.receivedAtMs)),
    gauge('token_fresh', '1 while a token is held that is valid and not stale', freshness === 'fresh'),
    gauge('token_stale', '1 while the token is valid, but no newer one came or it ends soon', freshness === 'stale'),
    gauge('token_expired', '1 while the newest token that came has expired', freshness === 'expired'),
  ];
}

function apiMetrics(api: ApiCounts | undefined): readonly MetricFamily[] {
  const requests = api?.requests.map(({ route, status, count }) => ({
    labels: { route, status: String(status) },
    value: count,
  }));
  return [
    gauge('event_readers', 'Readers of the event stream that are connected', api?.eventReaders),
    gauge('waiting_readers', 'Requests that wait for a token', api?.waitingReaders),
    gauge('api_connections', 'Connections of applications', api?.connections),
    counter('http_requests_total', 'Requests that were answered, by route and status', requests),
    counter('events_sent_total', 'Tokens sent over event streams', api?.eventsSent),
    counter('events_skipped_total', 'Tokens that a slow reader was not sent, as a newer one came', api?.eventsSkipped),
  ];
}

function sinkMetrics(sinks: readonly SinkReport[]): readonly MetricFamily[] {
  const perSink = (value: (sink: SinkReport) => number) =>
    sinks.map((sink) => ({ labels: { path: sink.path, format: sink.format }, value: value(sink) }));
  const up = perSink(({ state }) => Number(state !== 'failing'));
  const writes = perSink((sink) => sink.writes);
  const failures = perSink((sink) => sink.failures);
  return [
    gauge('sink_up', '0 while the file is out of date, because it cannot be written', up),
    counter('sink_writes_total', 'Tokens written to the file', writes),
    counter('sink_failures_total', 'Attempts to write the file that failed', failures),
  ];
}

function hookMetrics(hooks: Readonly<Record<string, HookCounts>>): readonly MetricFamily[] {
  const perHook = (value: (hook: HookCounts) => number) =>
    Object.entries(hooks).map(([event, hook]) => ({ labels: { event }, value: value(hook) }));
  const runs = perHook((hook) => hook.runs);
  const failures = perHook((hook) => hook.failures);
  return [
    counter('hook_runs_total', 'Commands run on an event', runs),
    counter('hook_failures_total', 'Commands that failed, could not be run or took too long', failures),
  ];
}
