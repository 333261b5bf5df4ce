import * as z from 'zod/mini';
import type { TokenSet } from '../token-set.ts';
import { firstIssue, membersBut, optionalInstant, parseMembers, toMembers, type Parsed } from './token-members.ts';

/** Of another form it is not ours, and says nothing. */
const origin = z.catch(
  z.optional(z.strictObject({ host: z.string().check(z.maxLength(256)), revision: z.int().check(z.minimum(1)) })),
  undefined,
);
const schwabPyFile = z.looseObject({
  creation_timestamp: optionalInstant,
  token: z.unknown(),
  token_relay: origin,
});
const KNOWN: ReadonlySet<string> = new Set(Object.keys(schwabPyFile.shape));

/**
 * Reads schwab-py's form (SCHWAB.md, "The token file"). Strings and fractions are accepted where it has integers.
 * A missing `creation_timestamp` is an unknown login time.
 */
export function parseSchwabPy(value: unknown): Parsed {
  const parsed = z.safeParse(schwabPyFile, value);
  if (!parsed.success) return { ok: false, detail: firstIssue(parsed.error, '') };
  const { creation_timestamp: loginAtMs, token, token_relay: made } = parsed.data;
  const inner = parseMembers(token, 'token');
  if (!inner.ok) return inner;
  return {
    ok: true,
    tokenSet: {
      ...inner.tokenSet,
      ...(typeof loginAtMs === 'number' && { loginAtMs }),
      ...(made !== undefined && { origin: made }),
      otherMembers: { file: membersBut(KNOWN, parsed.data), token: inner.tokenSet.otherMembers?.token ?? {} },
    },
  };
}

/** The set as schwab-py's form: integer seconds throughout, because some of its readers refuse anything else. */
export function schwabPyObject(tokenSet: TokenSet): Record<string, unknown> {
  const { expiresAtMs, loginAtMs } = tokenSet;
  return {
    ...(loginAtMs !== undefined && { creation_timestamp: wholeSeconds(loginAtMs) }),
    token: toMembers(tokenSet, expiresAtMs === undefined ? undefined : wholeSeconds(expiresAtMs)),
    ...(tokenSet.origin !== undefined && { token_relay: tokenSet.origin }),
    ...membersBut(KNOWN, tokenSet.otherMembers?.file ?? {}),
  };
}

/** Seconds from 1e11 on (the year 5138) would be read as milliseconds. */
function wholeSeconds(timeMs: number): number {
  return Math.min(Math.floor(timeMs / 1000), 1e11 - 1);
}
