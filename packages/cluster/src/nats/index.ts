export type { NatsAccess, NatsLogin, NatsTls } from './connection-options.ts';
export { NatsStore, type NatsStoreOptions } from './nats-store.ts';
