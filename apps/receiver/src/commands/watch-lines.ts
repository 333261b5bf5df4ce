/** What `watch` prints of a token: never the token. Pure. */
import type { AccessToken } from '@token-relay/client';
import { fingerprint } from '@token-relay/tokens';
import { localTime } from './words.ts';

/** Names and times as in `GET /v1/history`. */
export function watchLine(
  { accessToken, expiresAtMs, generation, receivedAtMs }: AccessToken,
  asJson: boolean,
): string {
  const token = fingerprint(accessToken);
  const receivedAt = new Date(receivedAtMs).toISOString();
  const expiresAt = expiresAtMs === undefined ? undefined : new Date(expiresAtMs).toISOString();
  if (asJson) {
    return JSON.stringify({ generation, fingerprint: token, received_at: receivedAt, expires_at: expiresAt });
  }
  const expiry = expiresAt === undefined ? 'expiry unknown' : `expires ${localTime(expiresAt)}`;
  return `${localTime(receivedAt)}  generation ${generation}  token ${token}  ${expiry}`;
}
