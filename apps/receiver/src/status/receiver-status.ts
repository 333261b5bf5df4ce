/** What `GET /v1/status` and `token-receiver status --json` answer. Never holds a token. */
import * as z from 'zod/mini';

export const receiverStatusSchema = z.object({
  version: z.string(),
  pid: z.number(),
  /** ISO 8601, as are all times here */
  started_at: z.string(),
  /** `waiting`: no token yet; `holding`: a token that can be used; `expired`: the newest one can not */
  state: z.enum(['waiting', 'holding', 'expired']),
  /** where senders deliver: `unix:/path`, `tcp:host:port` */
  listening: z.array(z.string()),
  /** 1, 2, 3 … of the tokens accepted since the start; 0 before the first */
  generation: z.number(),
  /** messages refused, by code */
  rejected: z.record(z.string(), z.number()),
  token: z.optional(
    z.object({
      /** the first 8 hex digits of its SHA-256 */
      fingerprint: z.string(),
      expires_at: z.optional(z.string()),
      received_at: z.string(),
      from: z.enum(['unix', 'tcp']),
    }),
  ),
  last_error: z.optional(z.string()),
});

export type ReceiverStatus = z.infer<typeof receiverStatusSchema>;
