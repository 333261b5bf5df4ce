import type { HookEnd } from './hook-process.ts';
import type { Hook } from './hook-settings.ts';

/** What the log says of a run, or nothing if there is nothing to say. The arguments stay out: they may hold a secret. Pure. */
export function hookLine(
  event: string,
  { command: [program], timeoutMs }: Hook,
  { end, output }: { readonly end: HookEnd; readonly output: string },
): { readonly level: 'debug' | 'warn'; readonly message: string } {
  const said = output === '' ? '' : `; it wrote${output}`;
  const hook = `Hook ${event}: ${program}`;
  switch (end.kind) {
    case 'exited':
      return end.exitCode === 0
        ? { level: 'debug', message: `${hook} succeeded${said}` }
        : { level: 'warn', message: `${hook} failed with exit code ${end.exitCode}${said}` };
    case 'killed':
      return { level: 'warn', message: `${hook} was ended by ${end.signal}${said}` };
    case 'timed_out':
      return { level: 'warn', message: `${hook} had not ended after ${timeoutMs / 1_000} s, and was stopped${said}` };
    case 'stopped':
      return { level: 'debug', message: `${hook} was stopped, because the daemon stops${said}` };
    case 'not_started':
      return { level: 'warn', message: `${hook} could not be started: ${whyNotStarted(end.errno)}` };
  }
}

/** execve(2) */
function whyNotStarted(errno: string): string {
  switch (errno) {
    case 'ENOENT':
      return 'there is no such program, or not the interpreter that its first line names; write its whole path';
    case 'EACCES':
      return 'it may not be executed by this user; see its mode (chmod +x) and its folders';
    case 'E2BIG':
      return 'its arguments are too long';
    default:
      return `the system refused (${errno})`;
  }
}
