import { parseInstant } from '@token-relay/protocol';
import { TokenError } from './errors.ts';
import { isTokenText, type TokenSet } from './token-set.ts';

/**
 * Reads `SCHWAB_ACCESS_TOKEN`, `SCHWAB_REFRESH_TOKEN` and `SCHWAB_EXPIRES_AT` (epoch seconds or ISO 8601), or the same
 * with another prefix. White space around a value is ignored, and an empty one is absent. Without `EXPIRES_AT` the access token
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
  return {
    ...(accessToken !== undefined && { accessToken }),
    ...(refreshToken !== undefined && { refreshToken }),
    ...(expiresAtMs !== undefined && { expiresAtMs }),
  };
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
