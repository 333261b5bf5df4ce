import * as z from 'zod/mini';
import {
  DIGITS,
  FIRST_MILLISECOND_VALUE,
  instantNotation,
  type InstantNotation,
  ISO_8601,
  LAST_INSTANT_MS,
  parseInstant,
} from './instant.ts';

/** What one message says. Without `expiresAtMs` (epoch milliseconds) the expiry is unknown: only a bare token has none. */
export type TokenMessage = { accessToken: string; refreshToken?: string; expiresAtMs?: number };

/**
 * How a sender gave the expiry. `seconds` is what it should write, and the other three are read as well; `jwt`: a bare token
 * that says it itself; `none`: it did not.
 */
export type ExpiryNotation = InstantNotation | 'jwt' | 'none';

const expiresAt = z
  .union([
    z
      .number()
      .check(
        z.gte(0),
        z.lt(FIRST_MILLISECOND_VALUE),
        z.describe('Write this: whole seconds since 1970-01-01T00:00:00Z. A fraction is read and cut off.'),
      ),
    z
      .number()
      .check(
        z.gte(FIRST_MILLISECOND_VALUE),
        z.lte(LAST_INSTANT_MS),
        z.describe('Read, not recommended: milliseconds since 1970-01-01T00:00:00Z.'),
      ),
    z.string().check(z.regex(DIGITS), z.describe('Read, not recommended: either of the numbers as a string.')),
    z
      .string()
      .check(
        z.regex(ISO_8601),
        z.describe('Read, not recommended: ISO 8601. Without an offset it is the local time of the receiver.'),
      ),
  ])
  .check(z.describe('When the access token expires.'));

/**
 * The wire form of a message. Tokens are made of VSCHAR, 0x20 to 0x7e (RFC 6749, appendix A.12 and A.17). Unknown members
 * are ignored.
 */
export const wireMessage: z.ZodMiniType<{
  access_token: string;
  refresh_token?: string | null | undefined;
  expires_at: { atMs: number; notation: InstantNotation };
}> = z.object({
  access_token: z
    .string()
    .check(z.regex(/^[ -~]+$/), z.describe('The access token, as the authorization server gave it.')),
  refresh_token: z.optional(
    z
      .nullable(z.string().check(z.regex(/^[ -~]*$/)))
      .check(z.describe('The refresh token. Leave it out if there is none; null and "" are read as none.')),
  ),
  expires_at: z.pipe(
    expiresAt,
    z.transform((value, context) => {
      const atMs = parseInstant(value);
      if (atMs !== undefined) return { atMs, notation: instantNotation(value) };
      context.issues.push({ code: 'custom', input: value });
      return z.NEVER;
    }),
  ),
});

export type ParsedMessage =
  { ok: true; message: TokenMessage; expiryNotation: ExpiryNotation } | { ok: false; detail: string };

/** Reads a message that has been parsed as JSON. `detail` says what is wrong without repeating any value. */
export function parseTokenMessage(value: unknown): ParsedMessage {
  const result = z.safeParse(wireMessage, value);
  if (!result.success) return { ok: false, detail: describeIssue(result.error.issues[0]) };
  const { access_token: accessToken, refresh_token: refreshToken, expires_at: expiry } = result.data;
  const message: TokenMessage = refreshToken
    ? { accessToken, refreshToken, expiresAtMs: expiry.atMs }
    : { accessToken, expiresAtMs: expiry.atMs };
  return { ok: true, message, expiryNotation: expiry.notation };
}

/** zod/mini has no messages of its own, and a value must not get into one. */
const MEMBER_RULES = new Map<PropertyKey | undefined, string>([
  ['access_token', 'access_token must be a string of one or more printable ASCII characters'],
  ['refresh_token', 'refresh_token must be a string of printable ASCII characters, or be left out'],
  [
    'expires_at',
    'expires_at must be a number of seconds since 1970 (milliseconds, a string of digits and ISO 8601 are understood too)',
  ],
]);

function describeIssue(issue: z.core.$ZodIssue | undefined): string {
  return MEMBER_RULES.get(issue?.path[0]) ?? 'the message must be a JSON object with access_token and expires_at';
}

/**
 * Writes a message for the wire, with no newline: `raw` is the bare access token, `json` the object, its `expires_at` in whole
 * seconds, rounded down.
 *
 * Throws a RangeError for `json` if the expiry is unknown: no receiver would accept it.
 */
export function formatTokenMessage(
  message: TokenMessage,
  options: { format: 'json' | 'raw'; includeRefreshToken: boolean },
): string {
  if (options.format === 'raw') return message.accessToken;
  if (message.expiresAtMs === undefined) {
    throw new RangeError(
      'A JSON token message needs an expiry: give expiresAtMs, or send the token in the raw format.',
    );
  }
  return JSON.stringify({
    access_token: message.accessToken,
    ...(options.includeRefreshToken && message.refreshToken !== undefined
      ? { refresh_token: message.refreshToken }
      : {}),
    expires_at: Math.floor(message.expiresAtMs / 1000),
  });
}
