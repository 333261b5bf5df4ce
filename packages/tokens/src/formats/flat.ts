import type { TokenSet } from '../token-set.ts';
import { parseMembers, toMembers, type Parsed } from './token-members.ts';

/** Reads the flat form: `{"access_token", "refresh_token", "expires_at": ISO 8601}`. It has no login time. */
export function parseFlat(value: unknown): Parsed {
  return parseMembers(value, '');
}

/** The set as the flat form, `expires_at` in UTC. See {@link lostInFlat} for what has no place in it. */
export function flatObject(tokenSet: TokenSet): Record<string, unknown> {
  const { expiresAtMs } = tokenSet;
  return toMembers(tokenSet, expiresAtMs === undefined ? undefined : new Date(expiresAtMs).toISOString());
}

/** What the flat form cannot hold of this set, in words. */
export function lostInFlat(tokenSet: TokenSet): string[] {
  const besideToken = Object.keys(tokenSet.otherMembers?.file ?? {});
  return [
    ...(tokenSet.loginAtMs === undefined ? [] : ['creation_timestamp (when the login ends will be unknown)']),
    ...besideToken.map((name) => `${name} (it stands beside "token")`),
  ];
}
