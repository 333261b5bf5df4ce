/** What the kernel knows of a process. Undefined when it is gone. */
import { execFileSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';

export interface ProcessFacts {
  readonly descriptors: number;
  readonly children: number;
  readonly residentKb: number;
}

export function processFacts(pid: number): ProcessFacts | undefined {
  try {
    const resident = /VmRSS:\s+(\d+) kB/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1];
    const children = readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').trim();
    return {
      descriptors: readdirSync(`/proc/${pid}/fd`).length,
      children: children === '' ? 0 : children.split(' ').length,
      residentKb: Number(resident),
    };
  } catch {
    return undefined;
  }
}

/** Sockets that are bound to a path in this folder and listened on; a removed one counts as long as it is open. */
export function listeningSockets(folder: string): string[] {
  return readFileSync('/proc/net/unix', 'utf8')
    .split('\n')
    .map((line) => line.trim().split(/\s+/))
    .filter(([, , , flags, , , , path]) => flags === '00010000' && path?.startsWith(`${folder}/`) === true)
    .map(([, , , , , , , path]) => path ?? '');
}

/** Sets how many descriptors a process may have; false if it is gone. */
export function limitDescriptors(pid: number, limit: number): boolean {
  try {
    execFileSync('prlimit', ['--pid', String(pid), `--nofile=${limit}:`], { stdio: 'ignore' });
    return true;
  } catch {
    return false;
  }
}
