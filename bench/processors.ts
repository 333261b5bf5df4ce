/** Who runs on which processor: what is measured and what makes the load must not take turns on one. */
import { readFileSync } from 'node:fs';

const allowed = parseList(/^Cpus_allowed_list:\s*(\S+)/m.exec(readFileSync('/proc/self/status', 'utf8'))?.[1] ?? '0');

/** Undefined on a machine with one processor: then all share it. */
export const PROCESSORS: { readonly server: number; readonly load: number } | undefined =
  allowed.length > 1 ? { server: allowed.at(-1) ?? 0, load: allowed[0] ?? 0 } : undefined;

/** The command line that runs a program there and nowhere else; its pid is the program's own. */
export function pinned(role: 'server' | 'load', command: string, args: readonly string[]): [string, string[]] {
  return PROCESSORS === undefined
    ? [command, [...args]]
    : ['taskset', ['--cpu-list', String(PROCESSORS[role]), command, ...args]];
}

function parseList(text: string): number[] {
  return text.split(',').flatMap((range) => {
    const [first = 0, last = first] = range.split('-').map(Number);
    return Array.from({ length: last - first + 1 }, (_, index) => first + index);
  });
}
