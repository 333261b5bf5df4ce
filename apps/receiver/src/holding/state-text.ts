/** The state file's text: what is held, for the next start. Times are epoch milliseconds. Pure. */
import type { HeldToken } from '@token-relay/socket';
import * as z from 'zod/mini';
import type { HistoryEntry } from './held.ts';

/** What a receiver goes on from. */
export interface HeldState {
  /** the last that was given; the token's, where there is one */
  readonly generation: number;
  readonly held?: HeldToken;
  /** newest first */
  readonly history: readonly HistoryEntry[];
  /** of the last refresh token that came; the token itself is never kept */
  readonly refreshFingerprint?: string;
}

export const EMPTY_STATE: HeldState = { generation: 0, history: [] };

/** Of the next, incompatible form there is a 2. */
const VERSION = 1;

const arrival = z.enum(['unix', 'tcp', 'tls']);
/** As many again are left before two would be the same (at 2**53). */
const MAX_GENERATION = 2 ** 52;
const generationNumber = z.int().check(z.gte(0), z.lte(MAX_GENERATION));
const timeMs = z.number().check(z.gte(0), z.lte(8.64e15));
const fingerprintText = z.string().check(z.regex(/^[0-9a-f]{8}$/));
const peerText = z.string().check(z.maxLength(512));

const entrySchema = z.object({
  generation: generationNumber,
  fingerprint: fingerprintText,
  received_at_ms: timeMs,
  from: arrival,
  peer: z.optional(peerText),
  expires_at_ms: z.optional(timeMs),
  refresh_token: z.enum(['none', 'first', 'same', 'changed']),
});

const stateSchema = z.object({
  version: z.literal(VERSION),
  generation: generationNumber,
  token: z.optional(
    z.object({
      access_token: z.string().check(z.regex(/^[ -~]+$/)),
      expires_at_ms: z.optional(timeMs),
      received_at_ms: timeMs,
      from: arrival,
      peer: z.optional(peerText),
    }),
  ),
  refresh_fingerprint: z.optional(fingerprintText),
  history: z.array(entrySchema),
});

/** One entry of the history, as the file has it. */
export function stateEntry(entry: HistoryEntry): z.infer<typeof entrySchema> {
  return {
    generation: entry.generation,
    fingerprint: entry.fingerprint,
    received_at_ms: entry.receivedAtMs,
    from: entry.from,
    ...(entry.peer === undefined ? {} : { peer: entry.peer }),
    ...(entry.expiresAtMs === undefined ? {} : { expires_at_ms: entry.expiresAtMs }),
    refresh_token: entry.refreshToken,
  };
}

/** @param history a JSON array of {@link stateEntry} */
export function formatState(
  { generation, held, refreshFingerprint }: Omit<HeldState, 'history'>,
  history: string,
): string {
  const token = held === undefined ? '' : `,"token":${JSON.stringify(tokenOf(held))}`;
  const refresh = refreshFingerprint === undefined ? '' : `,"refresh_fingerprint":"${refreshFingerprint}"`;
  return `{"version":${VERSION},"generation":${generation}${token}${refresh},"history":${history}}\n`;
}

function tokenOf({ message, receivedAtMs, from, peer }: HeldToken): object {
  return {
    access_token: message.accessToken,
    expires_at_ms: message.expiresAtMs,
    received_at_ms: receivedAtMs,
    from,
    peer,
  };
}

/** Whether a text begins as a state file does, of whatever version. */
export function isStateText(text: string): boolean {
  return /^\{"version":\d+,"generation":\d/.test(text);
}

/** Undefined for a text that is no state file of ours, or one of a later version. */
export function parseState(text: string): HeldState | undefined {
  const parsed = z.safeParse(stateSchema, jsonOf(text));
  if (!parsed.success) return undefined;
  const { generation, token, refresh_fingerprint: refreshFingerprint, history } = parsed.data;
  return {
    generation,
    ...(token === undefined ? {} : { held: heldOf(token, generation) }),
    history: history.map((entry) => ({
      generation: entry.generation,
      fingerprint: entry.fingerprint,
      receivedAtMs: entry.received_at_ms,
      from: entry.from,
      ...(entry.peer === undefined ? {} : { peer: entry.peer }),
      ...(entry.expires_at_ms === undefined ? {} : { expiresAtMs: entry.expires_at_ms }),
      refreshToken: entry.refresh_token,
    })),
    ...(refreshFingerprint === undefined ? {} : { refreshFingerprint }),
  };
}

function heldOf(token: NonNullable<z.infer<typeof stateSchema>['token']>, generation: number): HeldToken {
  const { access_token: accessToken, expires_at_ms: expiresAtMs, received_at_ms: receivedAtMs, from, peer } = token;
  return {
    message: expiresAtMs === undefined ? { accessToken } : { accessToken, expiresAtMs },
    generation,
    receivedAtMs,
    from,
    ...(peer === undefined ? {} : { peer }),
  };
}

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    // The parser's own message quotes the text, which is a secret.
    return undefined;
  }
}
