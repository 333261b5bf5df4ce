/** Puts the status together from what the parts say. Pure. */
import { formatAddress, type HeldToken, type TokenAddress } from '@token-relay/socket';
import { fingerprint } from '@token-relay/tokens';
import { lookUp } from '../api/token-view.ts';
import type { ReceiverStatus } from './receiver-status.ts';

export interface StatusParts {
  readonly version: string;
  readonly pid: number;
  readonly startedAtMs: number;
  readonly nowMs: number;
  readonly listening: readonly TokenAddress[];
  readonly rejected: Readonly<Record<string, number>>;
  readonly held: HeldToken | undefined;
  readonly lastError: string | undefined;
}

const STATES = { none: 'waiting', valid: 'holding', expired: 'expired' } as const;

export function buildStatus({ held, lastError, listening, nowMs, startedAtMs, ...parts }: StatusParts): ReceiverStatus {
  return {
    version: parts.version,
    pid: parts.pid,
    started_at: iso(startedAtMs),
    state: STATES[lookUp(held, nowMs).kind],
    listening: listening.map(formatAddress),
    generation: held?.generation ?? 0,
    rejected: { ...parts.rejected },
    ...(held === undefined
      ? {}
      : {
          token: {
            fingerprint: fingerprint(held.message.accessToken),
            ...(held.message.expiresAtMs === undefined ? {} : { expires_at: iso(held.message.expiresAtMs) }),
            received_at: iso(held.receivedAtMs),
            from: held.from,
          },
        }),
    ...(lastError === undefined ? {} : { last_error: lastError }),
  };
}

function iso(ms: number): string {
  return new Date(ms).toISOString();
}
