/** What the routes answer, as schemas: the types come from them, and the OpenAPI document. Loaded when that is asked for. */
import * as z from 'zod/mini';

const generation = z.int().check(z.gte(1), z.describe('1, 2, 3 … of the tokens that the receiver took in'));
const isoTime = (what: string) => z.string().check(z.regex(/^(\d{4}|[+-]\d{6})-\d\d-\d\dT[\d:.]+Z$/), z.describe(what));

/** The body of `GET /v1/token`, and the data of an event. */
export const tokenViewSchema = z.object({
  access_token: z.string().check(z.minLength(1)),
  token_type: z.literal('Bearer'),
  expires_at: z.optional(z.int().check(z.describe('seconds since 1970; absent when the expiry is unknown'))),
  expires_in: z.optional(z.int().check(z.gte(0), z.describe('seconds left, rounded down; absent when unknown'))),
  generation,
  received_at: z.int().check(z.describe('seconds since 1970')),
});
export type TokenView = z.infer<typeof tokenViewSchema>;

export const historyViewSchema = z.object({
  tokens: z
    .array(
      z.object({
        generation,
        fingerprint: z.string().check(z.describe("the first 8 hex digits of the access token's SHA-256")),
        received_at: isoTime('when it came'),
        from: z.enum(['unix', 'tcp', 'tls']),
        peer: z.optional(z.string().check(z.describe('who sent it, where that is known: name@address'))),
        expires_at: z.optional(isoTime('absent when the expiry is unknown')),
        refresh_token: z
          .enum(['none', 'first', 'same', 'changed'])
          .check(z.describe('that of the message, compared with the one before; none: it had none')),
      }),
    )
    .check(z.describe('newest first')),
});
export type HistoryView = z.infer<typeof historyViewSchema>;

export const aliveSchema = z.object({ status: z.literal('alive') });
export const readySchema = z.object({ status: z.literal('ready') });
