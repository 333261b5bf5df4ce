/** Puts the status together from what the parts say. Pure. */
import { formatAddress, type HeldToken, type TokenAddress } from '@token-relay/socket';
import { fingerprint } from '@token-relay/tokens';
import type { Freshness } from '../holding/held.ts';
import type { WriterReport } from '../holding/newest-writer.ts';
import type { SinkReport } from '../sinks/sink.ts';
import type { ReceiverStatus } from './receiver-status.ts';

export interface StatusParts {
  readonly version: string;
  readonly pid: number;
  readonly startedAtMs: number;
  readonly listening: readonly TokenAddress[];
  readonly rejected: Readonly<Record<string, number>>;
  /** of the newest token, also if it was lost in a restart */
  readonly generation: number;
  readonly held: HeldToken | undefined;
  readonly freshness: Freshness;
  readonly readers: ReceiverStatus['readers'];
  readonly sinks: readonly SinkReport[];
  readonly stateFile: WriterReport['state'];
  readonly lastError: string | undefined;
}

const STATES = { none: 'waiting', fresh: 'holding', stale: 'stale', expired: 'expired' } as const;

export function buildStatus({
  held,
  freshness,
  lastError,
  listening,
  startedAtMs,
  ...parts
}: StatusParts): ReceiverStatus {
  return {
    version: parts.version,
    pid: parts.pid,
    started_at: iso(startedAtMs),
    state: STATES[freshness.kind],
    ...(freshness.kind === 'stale' ? { stale: freshness.reason } : {}),
    listening: listening.map(formatAddress),
    generation: parts.generation,
    rejected: { ...parts.rejected },
    ...(held === undefined
      ? {}
      : {
          token: {
            fingerprint: fingerprint(held.message.accessToken),
            ...(held.message.expiresAtMs === undefined ? {} : { expires_at: iso(held.message.expiresAtMs) }),
            received_at: iso(held.receivedAtMs),
            from: held.from,
            ...(held.peer === undefined ? {} : { peer: held.peer }),
          },
        }),
    readers: { ...parts.readers },
    sinks: parts.sinks.map(sinkStatus),
    state_saved: parts.stateFile !== 'failing',
    ...(lastError === undefined ? {} : { last_error: lastError }),
  };
}

function sinkStatus({ path, format, state, sinceMs, reason }: SinkReport): ReceiverStatus['sinks'][number] {
  return {
    path,
    format,
    state,
    ...(sinceMs === undefined ? {} : { since: iso(sinceMs) }),
    ...(reason === undefined ? {} : { problem: reason }),
  };
}

function iso(ms: number): string {
  return new Date(ms).toISOString();
}
