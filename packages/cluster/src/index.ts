export { Cluster } from './cluster.ts';
export type { ClusterOptions, ClusterReport } from './cluster-options.ts';
export type { HostReport } from './host-board.ts';
export { keyRing, type KeyRing } from './key-ring.ts';
export type { Role } from './membership.ts';
export { MemoryHub, type MemoryHubOptions } from './memory-store.ts';
export type {
  ClusterStore,
  LeaseEntry,
  ReadOutcome,
  StoreEvent,
  StoreFault,
  TokensEntry,
  WriteOutcome,
} from './store.ts';
