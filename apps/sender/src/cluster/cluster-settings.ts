/** `cluster:` in sender.yaml: one login for many machines (docs/cluster.md). */
import { ConfigurationError, parseDuration } from '@token-relay/daemon';
import { isLoopback } from '@token-relay/socket';
import { hostname } from 'node:os';
import { resolve } from 'node:path';
import * as z from 'zod/mini';

const DEFAULT_BUCKET = 'token_relay';
/** Longer than the longest request to Schwab, and short enough for another host to take over long before a token ends. */
const DEFAULT_LEASE = '45s';
const MAX_LEASE_MS = 2 * 60_000;
const DEFAULT_PORT = 4222;

const text = z.string().check(z.minLength(1));
/** What NATS allows in the name of a bucket and of a key. */
const name = z.string().check(z.regex(/^[\w-]{1,64}$/));

export const clusterSchema = z.strictObject({
  /** the servers of NATS, HOST:PORT each; any of them will do */
  servers: z
    .array(z.string().check(z.regex(/^(\[[\da-f:.]+\]|[\w.-]+)(:\d{1,5})?$/i)))
    .check(z.minLength(1), z.maxLength(20)),
  /** this host's name, which no other host of the cluster has; default: the machine's */
  host: z.optional(name),
  /** default: token_relay; a second one, with _hosts after its name, goes with it */
  bucket: z.optional(name),
  /** how many servers keep what is stored, when the buckets are made; default: 3 with three servers or more, else 1 */
  replicas: z.optional(z.union([z.literal(1), z.literal(3), z.literal(5)])),
  /** how long a leader is not missed, when the buckets are made; default: 45s */
  lease: z.optional(z.string()),
  /** what the last leader does while the store is away; default: leader, which goes on refreshing */
  when_isolated: z.optional(z.enum(['leader', 'wait'])),
  /** files of keys (64 hex digits, chmod 600): the first one seals, all of them open */
  keys: z.optional(z.array(text).check(z.minLength(1), z.maxLength(4))),
  /** PEM files; without it, plain text, for servers on loopback only */
  tls: z.optional(z.strictObject({ ca: text, cert: z.optional(text), key: z.optional(text) })),
  /** a file with an nkey's seed (chmod 600) */
  nkey: z.optional(text),
  /** a credentials file of NATS (chmod 600) */
  credentials: z.optional(text),
});

export interface ClusterConfig {
  readonly servers: readonly string[];
  readonly host: string;
  readonly bucket: string;
  readonly replicas: number;
  readonly leaseLifeMs: number;
  readonly whenIsolated: 'leader' | 'wait';
  /** absolute paths; undefined: from `$CREDENTIALS_DIRECTORY` */
  readonly keys: readonly string[] | undefined;
  readonly tls: { readonly ca: string; readonly cert?: string; readonly key?: string } | undefined;
  readonly nkey: string | undefined;
  readonly credentials: string | undefined;
}

/** @throws ConfigurationError for what would send secrets in the clear, or could not work */
export function clusterConfig(
  settings: z.infer<typeof clusterSchema>,
  cwd: string,
  httpTimeoutMs: number,
): ClusterConfig {
  const { servers, tls, nkey, credentials } = settings;
  const open = servers.find((server) => !isLoopback(hostOf(server)));
  if (tls === undefined && open !== undefined) {
    throw invalid(
      `${open} is not on loopback, and the way there would be in the clear; add "tls" (ca, and cert and key if the servers want them).`,
    );
  }
  if (tls !== undefined && (tls.cert === undefined) !== (tls.key === undefined)) {
    throw invalid('tls: "cert" and "key" go together.');
  }
  if (nkey !== undefined && credentials !== undefined)
    throw invalid('"nkey" and "credentials" are two ways to the same: keep one.');
  const file = (path: string | undefined) => (path === undefined ? undefined : resolve(cwd, path));
  return {
    servers: servers.map(withPort),
    host: settings.host ?? machineName(),
    bucket: settings.bucket ?? DEFAULT_BUCKET,
    replicas: settings.replicas ?? (servers.length >= 3 ? 3 : 1),
    leaseLifeMs: leaseLife(settings.lease ?? DEFAULT_LEASE, httpTimeoutMs),
    whenIsolated: settings.when_isolated ?? 'leader',
    keys: settings.keys?.map((key) => resolve(cwd, key)),
    tls: tls === undefined ? undefined : tlsFiles(tls, cwd),
    nkey: file(nkey),
    credentials: file(credentials),
  };
}

function leaseLife(lease: string, httpTimeoutMs: number): number {
  const parsed = parseDuration(lease);
  if (!parsed.ok) throw invalid(`lease ${parsed.problem}.`);
  if (parsed.value < httpTimeoutMs + 2_000) {
    throw invalid(
      `lease has to be at least 2 s longer than http_timeout (${httpTimeoutMs / 1000} s): no refresh may outlive it.`,
    );
  }
  if (parsed.value > MAX_LEASE_MS) {
    throw invalid(
      `lease is ${MAX_LEASE_MS / 1000} s at most: a token is refreshed five minutes before it ends, and another host has to take over in time.`,
    );
  }
  return parsed.value;
}

function tlsFiles(
  tls: NonNullable<z.infer<typeof clusterSchema>['tls']>,
  cwd: string,
): NonNullable<ClusterConfig['tls']> {
  const { ca, cert, key } = tls;
  return {
    ca: resolve(cwd, ca),
    ...(cert === undefined ? {} : { cert: resolve(cwd, cert) }),
    ...(key === undefined ? {} : { key: resolve(cwd, key) }),
  };
}

/** As the machine is called, as far as a key may be. */
function machineName(): string {
  const plain = hostname()
    .replaceAll(/[^\w-]/g, '-')
    .slice(0, 64);
  return plain === '' ? 'host' : plain;
}

function hostOf(server: string): string {
  return server.replace(/:\d{1,5}$/, '').replace(/^\[|\]$/g, '');
}

function withPort(server: string): string {
  return /:\d{1,5}$/.test(server) && !server.endsWith(']') ? server : `${server}:${DEFAULT_PORT}`;
}

function invalid(problem: string): ConfigurationError {
  return new ConfigurationError('config_invalid', `cluster: ${problem}`);
}
