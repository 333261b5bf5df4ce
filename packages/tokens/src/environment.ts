import { parseInstant } from '@token-relay/protocol';
import { TokenError } from './errors.ts';
import { isTokenText, type TokenSet } from './token-set.ts';

/**
 * Reads `SCHWAB_ACCESS_TOKEN`, `SCHWAB_REFRESH_TOKEN`, `SCHWAB_EXPIRES_AT` and `SCHWAB_CREATION_TIMESTAMP`, the time of
 * the login (both epoch seconds or ISO 8601), or the same with another prefix. White space around a value is ignored, and an empty one is absent. Without `EXPIRES_AT` the access token
 * counts as expired.
 * @returns undefined if neither token is there
 * @throws TokenError `token_invalid`, naming the variable
 */
export function tokenSetFromEnvironment(
  env: Readonly<Record<string, string | undefined>>,
  prefix: string = 'SCHWAB_',
): TokenSet | undefined {
  const accessToken = tokenVariable(env, `${prefix}ACCESS_TOKEN`);
  const refreshToken = tokenVariable(env, `${prefix}REFRESH_TOKEN`);
  if (accessToken === undefined && refreshToken === undefined) return undefined;
  const expiresAtMs = instantVariable(env, `${prefix}EXPIRES_AT`);
  const loginAtMs = instantVariable(env, `${prefix}CREATION_TIMESTAMP`);
  return {
    ...(accessToken !== undefined && { accessToken }),
    ...(refreshToken !== undefined && { refreshToken }),
    ...(expiresAtMs !== undefined && { expiresAtMs }),
    ...(loginAtMs !== undefined && { loginAtMs }),
  };
}

/**
 * The set as lines of the variables that {@link tokenSetFromEnvironment} reads, times in whole seconds: for a shell to
 * source, and for systemd's `EnvironmentFile=`.
 */
export function formatEnvironment(tokenSet: TokenSet, prefix: string = 'SCHWAB_'): string {
  const { accessToken, refreshToken, expiresAtMs, loginAtMs } = tokenSet;
  const values = {
    ACCESS_TOKEN: accessToken,
    REFRESH_TOKEN: refreshToken,
    EXPIRES_AT: wholeSeconds(expiresAtMs),
    CREATION_TIMESTAMP: wholeSeconds(loginAtMs),
  };
  return Object.entries(values)
    .filter((entry): entry is [string, string] => entry[1] !== undefined)
    .map(([name, value]) => `${prefix}${name}=${quoted(value)}\n`)
    .join('');
}

function wholeSeconds(timeMs: number | undefined): string | undefined {
  return timeMs === undefined ? undefined : String(Math.floor(timeMs / 1000));
}

/** Double quotes and these four escapes mean the same to a shell and to systemd (systemd.exec(5), EnvironmentFile=). */
function quoted(value: string): string {
  return /^[A-Za-z0-9_.@:/+=-]+$/.test(value) ? value : `"${value.replaceAll(/["\\`$]/g, '\\$&')}"`;
}

function variable(env: Readonly<Record<string, string | undefined>>, name: string): string | undefined {
  const value = env[name]?.trim();
  return value === '' ? undefined : value;
}

function tokenVariable(env: Readonly<Record<string, string | undefined>>, name: string): string | undefined {
  const value = variable(env, name);
  if (value === undefined || isTokenText(value)) return value;
  throw new TokenError('token_invalid', `${name} has characters that no token has: set it to the token alone`);
}

function instantVariable(env: Readonly<Record<string, string | undefined>>, name: string): number | undefined {
  const value = variable(env, name);
  if (value === undefined) return undefined;
  const instantMs = parseInstant(value);
  if (instantMs !== undefined) return instantMs;
  throw new TokenError('token_invalid', `${name} is no time: set it to epoch seconds or to ISO 8601 with an offset`);
}
