/**
 * What `token-refresh-sender status --json` and the control socket's `GET /v1/status` answer. Never holds a token.
 * After a change run `npm run schema`, which writes docs/status.schema.json.
 */
import * as z from 'zod/mini';

const described = <Schema extends z.ZodMiniType>(schema: Schema, text: string) => schema.check(z.describe(text));
const time = (text: string) => described(z.string(), `ISO 8601, UTC: ${text}`);

const targetSchema = z.object({
  name: z.string(),
  address: described(z.string(), 'unix:/path, tcp:host:port or tls:host:port'),
  format: described(z.enum(['json', 'raw']), 'json: the message; raw: the bare access token'),
  state: described(
    z.enum(['idle', 'delivering', 'delivered', 'undelivered']),
    'undelivered: delivered as soon as the target is back',
  ),
  since: z.optional(time('delivered at, or undelivered since')),
  reason: z.optional(described(z.string(), 'why it is undelivered, for people')),
});

export const clusterSchema = z.object({
  host: described(z.string(), 'what this host is called in the cluster'),
  role: described(
    z.enum(['leader', 'follower', 'alone', 'waiting', 'single']),
    'leader: refreshes for all; follower: takes tokens from the store; alone, waiting: the store is away, and this host, or another, led last; single: the store cannot be used until a person changes something',
  ),
  leader: z.optional(described(z.string(), 'the host that leads, as far as it is known')),
  since: time('since when it has this role under this leader'),
  revision: z.optional(
    described(z.number(), 'of the token set that is held: counted over all hosts, from each login on'),
  ),
  sealed_with: z.optional(described(z.string(), "the id of the key that the store's token set is sealed with")),
  server: z.optional(described(z.string(), 'the server of the store that this host is connected to')),
  problem: z.optional(described(z.string(), 'why the store is away or cannot be used, for people')),
  hosts: described(
    z.array(
      z.object({
        host: z.string(),
        version: z.string(),
        role: z.string(),
        state: described(z.string(), 'of its login'),
        revision: z.optional(z.number()),
        token_age_seconds: z.optional(
          described(z.number(), 'when it last said so, half of a lease before it was looked for at most'),
        ),
      }),
    ),
    'that were there when they were last looked for',
  ),
});

export const statusSchema = z.object({
  version: described(z.string(), 'of the daemon'),
  pid: z.number(),
  started_at: time('when the daemon started'),
  state: described(
    z.enum(['healthy', 'waiting', 'retrying', 'confirming', 'login_required', 'misconfigured']),
    'retrying, confirming: passes by itself; waiting: another host of the cluster refreshes, and no valid token has come from it; login_required, misconfigured: a person is needed',
  ),
  since: z.optional(time('since when it is in this state; only if it is not healthy')),
  problem: z.optional(described(z.string(), 'what is wrong, for people; only if it is not healthy')),
  advice: z.optional(described(z.string(), 'what to do about it, for people; only if a person is needed')),
  token_file: described(z.string(), 'its path'),
  saved: described(z.boolean(), 'false while the newest tokens are in memory only, because a save failed'),
  access_token: z.optional(
    described(
      z.object({
        fingerprint: described(z.string(), 'the first 8 hex digits of its SHA-256'),
        expires_at: z.optional(time('left out if it is unknown')),
      }),
      'left out if there is none',
    ),
  ),
  login: z.optional(
    described(
      z.object({ logged_in_at: time('when the login was made'), ends_at: time('7 days later') }),
      'left out if the token file does not say when it was',
    ),
  ),
  last_refresh: z.optional(
    described(
      z.object({ at: time('when it ended'), ok: z.boolean(), message: described(z.string(), 'for people') }),
      'left out if there was none since the start',
    ),
  ),
  next_refresh_at: z.optional(time('left out while one is under way, and while another host refreshes')),
  refreshes: described(z.number(), 'that succeeded since the daemon started'),
  targets: z.array(targetSchema),
  cluster: z.optional(described(clusterSchema, 'left out on a single machine')),
});

export type StatusReport = z.infer<typeof statusSchema>;
