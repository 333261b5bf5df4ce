/** What `token-refresh-sender status --json` and the control socket's `GET /v1/status` answer. Never holds a token. */
import * as z from 'zod/mini';

const targetSchema = z.object({
  name: z.string(),
  /** `unix:/path` or `tcp:host:port` */
  address: z.string(),
  format: z.enum(['json', 'raw']),
  state: z.enum(['idle', 'delivering', 'delivered', 'undelivered']),
  /** ISO 8601: delivered at, or undelivered since */
  since: z.optional(z.string()),
  reason: z.optional(z.string()),
});

export const statusSchema = z.object({
  version: z.string(),
  pid: z.number(),
  /** ISO 8601, as are all times here */
  started_at: z.string(),
  state: z.enum(['healthy', 'retrying', 'confirming', 'login_required', 'misconfigured']),
  /** since when it is in this state, if it is not healthy */
  since: z.optional(z.string()),
  /** what is wrong, for people */
  problem: z.optional(z.string()),
  /** what to do about it, for people */
  advice: z.optional(z.string()),
  token_file: z.string(),
  /** false while the newest tokens are in memory only, because a save failed */
  saved: z.boolean(),
  access_token: z.optional(
    z.object({
      /** the first 8 hex digits of its SHA-256 */
      fingerprint: z.string(),
      expires_at: z.optional(z.string()),
    }),
  ),
  login: z.optional(z.object({ logged_in_at: z.string(), ends_at: z.string() })),
  last_refresh: z.optional(z.object({ at: z.string(), ok: z.boolean(), message: z.string() })),
  next_refresh_at: z.optional(z.string()),
  /** successful refreshes since the daemon started */
  refreshes: z.number(),
  targets: z.array(targetSchema),
});

export type StatusReport = z.infer<typeof statusSchema>;
