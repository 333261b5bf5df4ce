/** The two buckets of a cluster: the tokens, which stay; and the lease and the hosts, which age out. */
import { StorageType } from '@nats-io/jetstream';
import { type KV, Kvm } from '@nats-io/kv';
import type { NatsConnection } from '@nats-io/transport-node';

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
}

/** What is not there is made; what is there is used as it is. Rejects with the client's errors: see nats-faults.ts. */
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
  return { tokens, hosts, leaseLifeMs: (await hosts.status()).ttl };
}
