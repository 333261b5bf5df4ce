/** What `GET /v1/status` and `token-receiver status --json` answer. Never holds a token. */
import * as z from 'zod/mini';

export const receiverStatusSchema = z.object({
  version: z.string(),
  pid: z.number(),
  /** ISO 8601, as are all times here */
  started_at: z.string(),
  /**
   * `waiting`: no token yet; `holding`: a token that can be used; `stale`: it can be used, but no newer one came in time;
   * `expired`: the newest one can not
   */
  state: z.enum(['waiting', 'holding', 'stale', 'expired']),
  /** `no_news`: none came for `stale_after`; `ending`: little of its life is left */
  stale: z.optional(z.enum(['no_news', 'ending'])),
  /** where senders deliver: `unix:/path`, `tcp:host:port` */
  listening: z.array(z.string()),
  /** 1, 2, 3 … of the tokens accepted, also before a restart; 0 before the first */
  generation: z.number(),
  /** messages refused, by code; with `tls_` before it, clients that were turned away at the TLS port */
  rejected: z.record(z.string(), z.number()),
  token: z.optional(
    z.object({
      /** the first 8 hex digits of its SHA-256 */
      fingerprint: z.string(),
      expires_at: z.optional(z.string()),
      received_at: z.string(),
      from: z.enum(['unix', 'tcp', 'tls']),
      /** who sent it, over TLS: `name@address` */
      peer: z.optional(z.string()),
    }),
  ),
  /** applications that are connected */
  readers: z.object({ connections: z.number(), events: z.number(), waiting: z.number() }),
  sinks: z.array(
    z.object({
      path: z.string(),
      format: z.string(),
      state: z.enum(['idle', 'ok', 'failing']),
      since: z.optional(z.string()),
      problem: z.optional(z.string()),
    }),
  ),
  /** false while a restart of the receiver would lose the token, because the state file cannot be written */
  state_saved: z.boolean(),
  last_error: z.optional(z.string()),
});

export type ReceiverStatus = z.infer<typeof receiverStatusSchema>;
