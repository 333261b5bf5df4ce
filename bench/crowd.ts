/** Starts a crowd of clients (crowd-process.ts), and hears from it. */
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';

export interface Crowd {
  /** Resolves when all are connected. */
  readonly connected: () => Promise<void>;
  /** When the newest token reached each of them, µs on the clock of `nowUs`; resolves when it has reached all. */
  readonly received: () => Promise<readonly number[]>;
  /** Rejects if the receiver had closed one of them. */
  readonly stop: () => Promise<void>;
}

type Message = { readonly kind: 'connected' } | { readonly kind: 'received'; readonly atUs: readonly number[] };

export function startCrowd(path: string, count: number, kind: 'readers' | 'silent'): Crowd {
  const child = fork(join(import.meta.dirname, 'crowd-process.ts'), [path, String(count), kind]);
  const messages = new Map<Message['kind'], Message[]>();
  let tell = Promise.withResolvers<undefined>();
  child.on('message', (message: Message) => {
    messages.set(message.kind, [...(messages.get(message.kind) ?? []), message]);
    tell.resolve(undefined);
    tell = Promise.withResolvers<undefined>();
  });
  const ended = once(child, 'exit').then(() => {
    throw new Error('the crowd has ended');
  });
  ended.catch(() => undefined);
  const next = async (wanted: Message['kind']): Promise<Message> => {
    for (;;) {
      const message = messages.get(wanted)?.shift();
      if (message !== undefined) return message;
      await Promise.race([tell.promise, ended]);
    }
  };
  return {
    connected: async () => {
      await next('connected');
    },
    received: async () => {
      const message = await next('received');
      return message.kind === 'received' ? message.atUs : [];
    },
    stop: async () => {
      if (!child.connected) await ended;
      child.disconnect();
      await ended.catch(() => undefined);
    },
  };
}
