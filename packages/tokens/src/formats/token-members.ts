import { parseInstant } from '@token-relay/protocol';
import * as z from 'zod/mini';
import { isTokenText, type TokenSet } from '../token-set.ts';

/** The outcome of reading a form: `detail` names the member that is wrong, and never what it holds. */
export type Parsed =
  { readonly ok: true; readonly tokenSet: TokenSet } | { readonly ok: false; readonly detail: string };

const text = z.string('must be a string');
const token = text.check(z.refine((value) => value === '' || isTokenText(value), 'must be printable ASCII'));

const seconds: z.ZodMiniType<number> = z.pipe(
  z.unknown(),
  z.transform((value: unknown, context) => {
    const number = typeof value === 'string' && value.trim() !== '' ? Number(value) : value;
    if (typeof number === 'number' && number >= 0 && number <= 1e12) return Math.floor(number);
    context.issues.push({ code: 'custom', input: value, message: 'must be a number of seconds' });
    return z.NEVER;
  }),
);

/** A number of seconds as a number or digits, floored; absent and null are unknown. */
export const optionalSeconds: z.ZodMiniType<number | null | undefined> = z.optional(z.nullable(seconds));

/** Epoch seconds as a number or digits, or ISO 8601; absent and null are unknown. As epoch milliseconds. */
export const optionalInstant: z.ZodMiniType<number | null | undefined> = optionalTime(parseInstant);

/** A time that `parse` understands, as epoch milliseconds; absent and null are unknown. */
export function optionalTime(parse: (value: unknown) => number | undefined): z.ZodMiniType<number | null | undefined> {
  const time = z.transform((value: unknown, context) => {
    const instantMs = parse(value);
    if (instantMs !== undefined) return instantMs;
    const message = 'must be a time, as integer seconds or ISO 8601';
    context.issues.push({ code: 'custom', input: value, message });
    return z.NEVER;
  });
  return z.optional(z.nullable(z.pipe(z.unknown(), time)));
}

const members = z.looseObject(
  {
    access_token: z.optional(z.nullable(token)),
    refresh_token: z.optional(z.nullable(token)),
    expires_at: optionalInstant,
    expires_in: optionalSeconds,
    id_token: z.optional(z.nullable(text)),
    token_type: z.optional(z.nullable(text)),
    scope: z.optional(z.nullable(text)),
  },
  'must be an object',
);

const KNOWN: ReadonlySet<string> = new Set(Object.keys(members.shape));

/**
 * Reads the members that both forms have: in schwab-py's file under `token`, in the flat form at the top.
 * Nulls and empty texts are absent.
 * @param at where they stand, for messages: `token` or nothing
 */
export function parseMembers(value: unknown, at: string): Parsed {
  const parsed = z.safeParse(members, value);
  if (!parsed.success) return { ok: false, detail: firstIssue(parsed.error, at) };
  const { access_token, refresh_token, expires_at, expires_in, id_token, token_type, scope } = parsed.data;
  const issuedAtMs =
    typeof expires_at === 'number' && typeof expires_in === 'number' ? expires_at - expires_in * 1000 : -1;
  return {
    ok: true,
    tokenSet: {
      ...(access_token && { accessToken: access_token }),
      ...(refresh_token && { refreshToken: refresh_token }),
      ...(typeof expires_at === 'number' && { expiresAtMs: expires_at }),
      ...(issuedAtMs >= 0 && { issuedAtMs }),
      ...(id_token && { idToken: id_token }),
      ...(token_type && { tokenType: token_type }),
      ...(scope && { scope }),
      otherMembers: { file: {}, token: membersBut(KNOWN, parsed.data) },
    },
  };
}

/** The set as members, `expires_at` as the form writes it. Unknown members never replace ours. */
export function toMembers(tokenSet: TokenSet, expiresAt: string | number | undefined): Record<string, unknown> {
  const { expiresAtMs, issuedAtMs } = tokenSet;
  const lifetimeMs = expiresAtMs === undefined || issuedAtMs === undefined ? -1 : expiresAtMs - issuedAtMs;
  return {
    ...(lifetimeMs >= 0 && { expires_in: Math.round(lifetimeMs / 1000) }),
    ...(tokenSet.tokenType !== undefined && { token_type: tokenSet.tokenType }),
    ...(tokenSet.scope !== undefined && { scope: tokenSet.scope }),
    ...(tokenSet.refreshToken !== undefined && { refresh_token: tokenSet.refreshToken }),
    ...(tokenSet.accessToken !== undefined && { access_token: tokenSet.accessToken }),
    ...(tokenSet.idToken !== undefined && { id_token: tokenSet.idToken }),
    ...(expiresAt !== undefined && { expires_at: expiresAt }),
    ...membersBut(KNOWN, tokenSet.otherMembers?.token ?? {}),
  };
}

/** The members of an object without those that we know. */
export function membersBut(
  known: ReadonlySet<string>,
  object: Readonly<Record<string, unknown>>,
): Record<string, unknown> {
  return Object.fromEntries(Object.entries(object).filter(([name]) => !known.has(name)));
}

/** `token.expires_at must be …`: the first thing that is wrong, in words. */
export function firstIssue(error: z.core.$ZodError, at: string): string {
  const [issue] = error.issues;
  const place = [...(at === '' ? [] : [at]), ...(issue?.path ?? [])].map(String).join('.');
  return `${place === '' ? 'it' : place} ${issue?.message ?? 'is wrong'}`;
}
