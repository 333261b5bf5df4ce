/** The two buckets of a cluster: the tokens, which stay; and the lease and the hosts, which age out. */
import { jetstreamManager, StorageType } from '@nats-io/jetstream';
import { type KV, Kvm } from '@nats-io/kv';
import type { NatsConnection } from '@nats-io/transport-node';
import { answerIn, UnfitStoreError } from './nats-faults.ts';

export const TOKENS_KEY = 'tokens';
export const LEASE_KEY = 'leader';
export const HOSTS_PREFIX = 'host.';

export interface BucketSettings {
  /** The tokens' bucket; the other one's name ends in `_hosts`. */
  readonly bucket: string;
  /** How many servers keep them: 1, 3 or 5. For a bucket that is made anew. */
  readonly replicas: number;
  /** How long a lease, or a sign of a host, lives. For a bucket that is made anew. */
  readonly leaseLifeMs: number;
}

export interface Buckets {
  readonly tokens: KV;
  readonly hosts: KV;
  /** As it really is. */
  readonly leaseLifeMs: number;
  /** The names of the hosts that have said that they are there, and are not forgotten yet. */
  readonly hostKeys: () => Promise<readonly string[]>;
}

/** No entry has it: what expects it is refused. */
const NO_SEQUENCE = 2 ** 52;

/** What is not there is made; what is there is used as it is. Rejects with errors that nats-faults.ts knows. */
export async function openBuckets(
  connection: NatsConnection,
  { bucket, replicas, leaseLifeMs }: BucketSettings,
): Promise<Buckets> {
  const kvm = new Kvm(connection);
  // Read from the one server that decides, never from a copy that lags behind: what was refused is read again at once.
  const common = { allow_direct: false, history: 1, replicas, storage: StorageType.File } as const;
  const tokens = await kvm.create(bucket, { ...common, description: 'Schwab Token Relay: the token set, sealed' });
  const hosts = await kvm.create(`${bucket}_hosts`, {
    ...common,
    ttl: leaseLifeMs,
    description: 'Schwab Token Relay: who leads, and which hosts are there',
  });
  const [{ streamInfo: ofTokens }, { streamInfo: ofHosts, ttl }] = await Promise.all([tokens.status(), hosts.status()]);
  for (const { name, subjects } of [ofTokens.config, ofHosts.config]) {
    if (!subjects.includes(`$KV.${name.slice('KV_'.length)}.>`)) {
      const words = `its stream ${name} is somebody else's, and no bucket: give the cluster another one (cluster.bucket), and restart`;
      throw new UnfitStoreError(words);
    }
  }
  // Who may connect but not write would be found out only when it leads, and then again and again.
  await mayWrite(tokens, TOKENS_KEY);
  await mayWrite(hosts, LEASE_KEY);
  const { streams } = await jetstreamManager(connection, { checkAPI: false });
  // Asked for, and not watched: a watch of what is there ends late, or never, when an entry is written over meanwhile.
  const hostKeys = async () => {
    const prefix = `$KV.${bucket}_hosts.`;
    const { state } = await streams.info(ofHosts.config.name, { subjects_filter: `${prefix}${HOSTS_PREFIX}>` });
    return Object.keys(state.subjects ?? {}).map((subject) => subject.slice(prefix.length));
  };
  return { tokens, hosts, leaseLifeMs: ttl, hostKeys };
}

/** Writes nothing: it is refused, or the user has no right to ask. */
async function mayWrite(bucket: KV, key: string): Promise<void> {
  await bucket.update(key, '', NO_SEQUENCE).catch((error: unknown) => {
    if (answerIn(error)?.kind !== 'refused') throw error;
  });
}
