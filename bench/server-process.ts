/** Starts a program under test and waits until it says that it is ready. */
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { createInterface } from 'node:readline';

export interface ServerProcess {
  readonly child: ChildProcess;
  /** From the spawn to the line that says ready. */
  readonly readyMs: number;
  /** Resident memory of the process now, MB. */
  readonly residentMb: () => number;
  readonly stop: () => Promise<number>;
}

export async function startProcess(
  command: string,
  args: readonly string[],
  ready: RegExp,
  options: { cwd: string; env?: Record<string, string> },
): Promise<ServerProcess> {
  const startedAt = performance.now();
  const child = spawn(command, args, {
    cwd: options.cwd,
    env: { PATH: process.env['PATH'] ?? '', ...options.env },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const lines = createInterface({ input: child.stdout });
  await new Promise<void>((resolve, reject) => {
    lines.on('line', (line) => {
      if (ready.test(line)) resolve();
    });
    child.once('exit', (code) => reject(new Error(`${command} ${args.join(' ')} ended with ${code ?? 'a signal'}`)));
  });
  const readyMs = performance.now() - startedAt;
  return {
    child,
    readyMs,
    residentMb: () => {
      const found = /VmRSS:\s+(\d+) kB/.exec(readFileSync(`/proc/${child.pid ?? 0}/status`, 'utf8'));
      return Number(found?.[1]) / 1_024;
    },
    stop: async () => {
      const at = performance.now();
      child.kill('SIGTERM');
      if (child.exitCode === null && child.signalCode === null) await once(child, 'exit');
      return performance.now() - at;
    },
  };
}
