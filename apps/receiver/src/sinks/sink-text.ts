/** What a sink's file says, in each form. Pure. */
import type { HeldToken } from '@token-relay/socket';
import { formatEnvironment } from '@token-relay/tokens';

export const SINK_FORMATS = ['schwab-py', 'json', 'env', 'raw'] as const;
export type SinkFormat = (typeof SINK_FORMATS)[number];

/**
 * - `json`: the body of `GET /v1/token` without `expires_in`, which would be wrong a second later
 * - `env`: `SCHWAB_ACCESS_TOKEN=…` and `SCHWAB_EXPIRES_AT=…`, for a shell to source and for systemd's `EnvironmentFile=`
 * - `raw`: the bare token, and no newline: it is what goes behind `Bearer `
 * - `schwab-py`: see {@link schwabPy}
 *
 * Times are whole seconds since 1970. A token of unknown expiry has no `expires_at` (and no `expires_in`): its readers
 * then use it until it is refused. None of them holds a refresh token.
 */
export function sinkText(held: HeldToken, format: SinkFormat): string {
  const { accessToken, expiresAtMs } = held.message;
  switch (format) {
    case 'raw':
      return accessToken;
    case 'env':
      return formatEnvironment(expiresAtMs === undefined ? { accessToken } : { accessToken, expiresAtMs });
    case 'json':
      return asJson({
        access_token: accessToken,
        token_type: 'Bearer',
        ...(expiresAtMs === undefined ? {} : { expires_at: seconds(expiresAtMs) }),
        generation: held.generation,
        received_at: seconds(held.receivedAtMs),
      });
    case 'schwab-py':
      return asJson(schwabPy(held));
  }
}

/**
 * The form that schwab-py's `client_from_token_file` reads, which requires `creation_timestamp` and `token`. Without
 * a refresh token its OAuth library (authlib) can only use the token or say that it has expired; it can never refresh,
 * and so never spoil the login that the sender keeps.
 *
 * `creation_timestamp` is when this token came, not the login's time: schwab-py's `easy_client` starts a login of its own
 * when it is older than `max_token_age`, and the login is not this file's business.
 */
function schwabPy({ message: { accessToken, expiresAtMs }, receivedAtMs }: HeldToken): object {
  const receivedAt = seconds(receivedAtMs);
  return {
    creation_timestamp: receivedAt,
    token: {
      access_token: accessToken,
      token_type: 'Bearer',
      scope: 'api',
      ...(expiresAtMs === undefined
        ? {}
        : { expires_in: Math.max(0, seconds(expiresAtMs) - receivedAt), expires_at: seconds(expiresAtMs) }),
    },
  };
}

function seconds(timeMs: number): number {
  return Math.floor(timeMs / 1_000);
}

function asJson(value: object): string {
  return `${JSON.stringify(value, undefined, 2)}\n`;
}
