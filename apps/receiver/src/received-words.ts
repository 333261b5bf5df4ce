/** What the log says of the expiry of a token that came. Pure. */
import type { ReceivedToken } from '@token-relay/socket';

/** Schwab's tokens live for half an hour, or for an hour (SCHWAB.md, "Endpoints"). One that lives this long is a mistake or a test. */
const FAR_FUTURE_MS = 24 * 3_600_000;

/** `odd`: it is stored and acknowledged as any other, and worth a warning. */
export function expiryWords(expiresAtMs: number | undefined, nowMs: number): { text: string; odd: boolean } {
  if (expiresAtMs === undefined) return { text: 'expiry unknown', odd: false };
  const seconds = Math.round((expiresAtMs - nowMs) / 1_000);
  if (seconds <= 0) return { text: 'already expired', odd: true };
  if (expiresAtMs - nowMs > FAR_FUTURE_MS) {
    const [day = ''] = new Date(expiresAtMs).toISOString().split('T');
    return { text: `expires on ${day}, which is later than any token of Schwab`, odd: true };
  }
  const left =
    seconds === 1 ? '1 second' : seconds < 120 ? `${seconds} seconds` : `${Math.round(seconds / 60)} minutes`;
  return { text: `expires in ${left}`, odd: false };
}

/** For whoever maintains the program that sends it: what was understood, and what is meant to be written. */
export function notationWords(notation: ReceivedToken['expiryNotation']): string {
  switch (notation) {
    case 'seconds':
    case 'jwt':
    case 'none':
      return '';
    case 'milliseconds':
      return ', its expires_at in milliseconds';
    case 'digits':
      return ', its expires_at a string';
    case 'iso8601':
      return ', its expires_at in ISO 8601';
  }
}
