import type { TokenSet } from '../token-set.ts';
import { membersBut, parseMembers, toMembers, type Parsed } from './token-members.ts';

/** At the top, these say that a file has another form. */
const MARKS: ReadonlySet<string> = new Set(['token', 'token_dictionary', 'token_relay_encrypted']);

/** The last second whose year has four digits. */
const LAST_WRITTEN_MS: number = Date.UTC(9999, 11, 31, 23, 59, 59);

/** Reads the flat form: `{"access_token", "refresh_token", "expires_at": ISO 8601}`. It has no login time. */
export function parseFlat(value: unknown): Parsed {
  return parseMembers(value, '');
}

/** The set as the flat form, `expires_at` in UTC. See {@link lostInFlat} for what has no place in it. */
export function flatObject(tokenSet: TokenSet): Record<string, unknown> {
  const { expiresAtMs } = tokenSet;
  const written = toMembers(
    tokenSet,
    expiresAtMs === undefined ? undefined : new Date(Math.min(expiresAtMs, LAST_WRITTEN_MS)).toISOString(),
  );
  return membersBut(MARKS, written);
}

/** What the flat form cannot hold of this set, in words. */
export function lostInFlat(tokenSet: TokenSet): string[] {
  const { file, token } = tokenSet.otherMembers ?? { file: {}, token: {} };
  return [
    ...(tokenSet.loginAtMs === undefined ? [] : ['creation_timestamp (when the login ends will be unknown)']),
    ...(tokenSet.origin === undefined ? [] : ['token_relay (it stands beside "token")']),
    ...Object.keys(file).map((name) => `${name} (it stands beside "token")`),
    ...Object.keys(token)
      .filter((name) => MARKS.has(name))
      .map((name) => `${name} (it would be taken for the mark of another form)`),
  ];
}
