/** What a host of a cluster is made with, and what it says of itself. */
import type { HostRecord } from './host-record.ts';
import type { LeaseHolderOptions } from './lease-holder.ts';
import type { Role } from './membership.ts';
import type { ExchangeOptions } from './token-exchange.ts';

export interface ClusterOptions extends LeaseHolderOptions, Pick<ExchangeOptions, 'ring' | 'tokens' | 'nowMs' | 'log'> {
  /** Whether this host led last, before it was started again; undefined: not known. */
  readonly ledLast?: boolean | undefined;
  readonly pause: (ms: number, signal: AbortSignal) => Promise<unknown>;
  /** What this host says of itself, besides what is known here. */
  readonly about: () => Pick<HostRecord, 'version' | 'state'>;
  /** Something that `report` shows has changed. */
  readonly onChange: () => void;
}

export interface ClusterReport {
  readonly role: Role;
  readonly host: string;
  /** who leads, as far as it is known */
  readonly leader: string | undefined;
  /** since when by this host's clock, epoch milliseconds */
  readonly sinceMs: number;
  readonly revision: number | undefined;
  /** the id of the key that the store's token set is sealed with */
  readonly sealedWith: string | undefined;
  /** why the store cannot be used */
  readonly problem: string | undefined;
  readonly server: string | undefined;
}
