/** When a refresh is due. Pure: no timer here, see refresher.ts. */

/** Never more than one attempt a second, whoever asks (DESIGN.md, "Sender"). */
export const MIN_ATTEMPT_GAP_MS: number = 1_000;
/** The refresh is due at the latest a sixth of the lifetime before the expiry, and at most this long before it. */
const MAX_LEAD_MS = 5 * 60_000;
const LEAD_FRACTION = 1 / 6;

/** What the schedule needs to know of a token set; epoch milliseconds. */
export interface TokenTimes {
  readonly issuedAtMs?: number | undefined;
  readonly expiresAtMs?: number | undefined;
}

/** A time of issue further in the future than this means that the clock was set back. */
const CLOCK_TOLERANCE_MS = 60_000;

/**
 * The moment at which the access token is to be refreshed, in epoch milliseconds: the earlier of `refreshIntervalMs`
 * after it was issued and a sixth of its lifetime (at most 5 minutes) before its expiry.
 *
 * Due at once: a token whose expiry is unknown, and one that was issued in the future, because then the clock was set
 * back and its expiry means nothing any more. Where the time of issue is unknown, the expiry alone decides.
 */
export function refreshDueAt(token: TokenTimes, refreshIntervalMs: number, nowMs: number): number {
  const { issuedAtMs, expiresAtMs } = token;
  if (expiresAtMs === undefined) return nowMs;
  if (issuedAtMs === undefined) return expiresAtMs - MAX_LEAD_MS;
  if (issuedAtMs > nowMs + CLOCK_TOLERANCE_MS) return nowMs;
  const leadMs = Math.min(MAX_LEAD_MS, Math.max(0, expiresAtMs - issuedAtMs) * LEAD_FRACTION);
  return Math.min(issuedAtMs + refreshIntervalMs, expiresAtMs - leadMs);
}
