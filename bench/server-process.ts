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
  /** Processor time that it has used so far, ms; counted in steps of 10 ms. */
  readonly processorMs: () => number;
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
    processorMs: () => {
      // proc_pid_stat(5): utime and stime, the fields 14 and 15, after a name that may hold anything
      const fields = readFileSync(`/proc/${child.pid ?? 0}/stat`, 'utf8')
        .replace(/^.*\) /s, '')
        .split(' ');
      return (Number(fields[11]) + Number(fields[12])) * 10;
    },
    stop: async () => {
      const at = performance.now();
      child.kill('SIGTERM');
      if (child.exitCode === null && child.signalCode === null) await once(child, 'exit');
      return performance.now() - at;
    },
  };
}
