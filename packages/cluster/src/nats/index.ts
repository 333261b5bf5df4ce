export { NatsStore, type NatsStoreOptions } from './nats-store.ts';
