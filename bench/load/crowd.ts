/** Starts a crowd of clients (crowd.c), and hears from it. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';
import { pinned } from '../processors.ts';

/** For thousands to connect on a busy machine; a crowd that takes longer will never be told. */
const PATIENCE_MS = 60_000;

export interface Crowd {
  /** Resolves when all are connected. Of the silent ones only. */
  readonly connected: () => Promise<void>;
  /** When the next token reached each of them, µs on the clock of `nowUs`; resolves when it has reached all. */
  readonly received: () => Promise<readonly number[]>;
  /** Rejects if the receiver had closed one of them. */
  readonly stop: () => Promise<void>;
}

export function startCrowd(program: string, path: string, count: number, kind: 'readers' | 'silent'): Crowd {
  const [command, args] = pinned('load', program, [path, String(count), kind]);
  const child = spawn(command, args, { stdio: ['pipe', 'pipe', 'inherit'] });
  child.stdin.on('error', () => undefined); // it ended first: `ended` says so
  const lines: string[] = [];
  let tell = Promise.withResolvers<undefined>();
  createInterface({ input: child.stdout }).on('line', (line) => {
    lines.push(line);
    tell.resolve(undefined);
    tell = Promise.withResolvers<undefined>();
  });
  const ended = once(child, 'exit').then(([code]: unknown[]) => code);
  const next = async (): Promise<string> => {
    const late = sleep(PATIENCE_MS, 'said nothing for too long', { ref: false });
    for (;;) {
      const line = lines.shift();
      if (line !== undefined) return line;
      const end = await Promise.race([tell.promise, ended.then(() => 'has ended'), late]);
      if (end !== undefined) throw new Error(`the crowd of ${count} ${kind} ${end}`);
    }
  };
  return {
    connected: async () => {
      await next();
    },
    received: async () => (await next()).split(' ').map((ns) => Number(BigInt(ns)) / 1_000),
    stop: async () => {
      child.stdin.end();
      const code = await ended;
      if (code !== 0) throw new Error('the receiver closed a connection of the crowd');
    },
  };
}
