/** Starts a program under test and waits until it says that it is ready. */
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { readingsOf, type ProcessReadings } from './process-readings.ts';
import { pinned } from './processors.ts';

export interface ServerProcess extends ProcessReadings {
  readonly child: ChildProcess;
  /** From the spawn to the line that says ready. */
  readonly readyMs: number;
  /** Called with each line that it prints from now on. */
  readonly onLine: (listener: (line: string) => void) => void;
  /** Resolves with how long it took, ms. */
  readonly stop: () => Promise<number>;
}

export interface ServerOptions {
  readonly cwd: string;
  readonly env?: Readonly<Record<string, string>>;
  /** Whether it gets a processor that it does not share with the load; default false. */
  readonly isPinned?: boolean;
}

/** Long enough for a start on a busy machine. */
const PATIENCE_MS = 60_000;

/** A bench that fails leaves nobody behind. */
const running = new Set<ChildProcess>();
process.once('exit', () => {
  for (const child of running) child.kill('SIGKILL');
});

/** Rejects if it ends before it is ready. */
export async function startProcess(
  command: string,
  args: readonly string[],
  ready: RegExp,
  { cwd, env, isPinned = false }: ServerOptions,
): Promise<ServerProcess> {
  const [program, itsArgs] = isPinned ? pinned('server', command, args) : [command, [...args]];
  const startedAt = performance.now();
  const child = spawn(program, itsArgs, {
    cwd,
    env: { PATH: process.env['PATH'] ?? '', ...env },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  running.add(child);
  child.once('exit', () => running.delete(child));
  const lines = createInterface({ input: child.stdout });
  await new Promise<void>((resolve, reject) => {
    lines.on('line', (line) => {
      if (ready.test(line)) resolve();
    });
    const failed = (how: string) => reject(new Error(`${command} ${args.join(' ')} ${how}`));
    child.once('error', reject);
    child.once('exit', (code) => failed(`ended with ${code ?? 'a signal'}`));
    setTimeout(() => failed(`was not ready after ${PATIENCE_MS / 1_000} s`), PATIENCE_MS).unref();
  });
  return {
    child,
    readyMs: performance.now() - startedAt,
    ...readingsOf(child.pid ?? 0),
    onLine: (listener) => {
      lines.on('line', listener);
    },
    stop: async () => {
      const at = performance.now();
      child.kill('SIGTERM');
      if (child.exitCode === null && child.signalCode === null) await once(child, 'exit');
      return performance.now() - at;
    },
  };
}
