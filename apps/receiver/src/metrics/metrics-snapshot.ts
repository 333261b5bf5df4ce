/** Puts together, from what the parts report, what the metrics are made of. Pure. */
import type { HeldToken } from '@token-relay/socket';
import type { CredentialReport } from '../credential/credential-socket.ts';
import type { Freshness } from '../holding/held.ts';
import type { HookCounts } from '../hooks/receiver-hooks.ts';
import type { SinkReport } from '../sinks/sink.ts';
import type { ApiCounts, ReceiverMetricsSnapshot } from './receiver-metrics.ts';

export interface MetricsParts {
  readonly version: string;
  readonly startedAtMs: number;
  readonly usage: { readonly residentBytes: number; readonly cpuSeconds: number };
  readonly freshness: Freshness;
  readonly held: HeldToken | undefined;
  /** tokens accepted since the start, by the way in */
  readonly received: ReceiverMetricsSnapshot['received'];
  readonly rejected: Readonly<Record<string, number>>;
  readonly api: ApiCounts;
  readonly sinks: readonly SinkReport[];
  readonly hooks: Readonly<Record<string, HookCounts>> | undefined;
  readonly credentials: CredentialReport | undefined;
  /** absent without TLS */
  readonly peersRefused: ReceiverMetricsSnapshot['peersRefused'];
}

export function metricsSnapshot({
  startedAtMs,
  usage,
  freshness,
  held,
  ...parts
}: MetricsParts): ReceiverMetricsSnapshot {
  return {
    ...parts,
    process: { startedAtMs, ...usage },
    freshness: freshness.kind,
    ...(held === undefined
      ? {}
      : {
          token: {
            generation: held.generation,
            receivedAtMs: held.receivedAtMs,
            expiresAtMs: held.message.expiresAtMs,
          },
        }),
  };
}
