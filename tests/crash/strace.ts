/** Runs a program under strace: which system calls it makes on some paths, and what it does when one of them goes wrong. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFile, rm } from 'node:fs/promises';
import { randomUUID } from 'node:crypto';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** One system call. `nth`: of this name in its thread, from 1, which is how strace counts for its injection. */
export interface Call {
  readonly thread: string;
  readonly name: string;
  readonly nth: number;
  /** as strace writes it: arguments, and the result where it came at once */
  readonly text: string;
  /** whether strace tampered with it */
  readonly injected: boolean;
}

/** What strace does to a call: a signal comes before the call is made; with an error or a made-up result it is not made. */
export type Injection = { readonly signal: 'SIGKILL' } | { readonly error: string } | { readonly retval: number };

export interface TraceOptions {
  /** Only calls that name one of these, or a descriptor of one, are seen, counted and tampered with. */
  readonly paths: readonly string[];
  /** Where strace shall tamper, `when` as strace(1) has it: `3`, `1..2`, `1+`. The last for a name counts. */
  readonly inject?: readonly { readonly name: string; readonly when: string; readonly what: Injection }[];
  readonly env?: Readonly<Record<string, string>>;
  readonly cwd?: string;
}

export interface Traced {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly stdout: string;
  readonly stderr: string;
  readonly calls: readonly Call[];
}

/** A hung program is a failure, and ended. */
const PATIENCE_MS = 60_000;

/** The words before the program's own in the command line. */
export function straceWords(traceFile: string, { paths, inject = [] }: TraceOptions): string[] {
  const injections = inject.map(({ name, when, what }) => `--inject=${name}:${injectionWords(what)}:when=${when}`);
  // With it, other calls than the ones that are asked for cost nothing; but strace 6.1 then sends no signals.
  const filter = inject.some(({ what }) => 'signal' in what) ? [] : ['--seccomp-bpf'];
  return [
    'strace',
    // The program stays the child that was spawned: who kills that leaves nothing behind.
    ...['--daemonize', '--follow-forks', ...filter, '--decode-fds=path', '--quiet=all', '--string-limit=0'],
    ...['--trace=%file,%desc', `--output=${traceFile}`],
    ...paths.map((path) => `--trace-path=${path}`),
    ...injections,
  ];
}

/** One thread for all file work, and known names: so that a call has the same number in each run. */
export const THE_SAME_EACH_TIME = { UV_THREADPOOL_SIZE: '1', UV_USE_IO_URING: '0', CRASH_KNOWN_NAMES: 'yes' } as const;

/** Runs a program to its end. Rejects if it does not end. */
export async function traced(command: readonly string[], options: TraceOptions): Promise<Traced> {
  const traceFile = join(tmpdir(), `crash-${randomUUID()}.strace`);
  const [program = '', ...args] = [...straceWords(traceFile, options), ...command];
  const env = { PATH: process.env['PATH'] ?? '', ...THE_SAME_EACH_TIME, ...options.env };
  const child = spawn(program, args, {
    env,
    cwd: options.cwd,
    stdio: ['ignore', 'pipe', 'pipe'],
    timeout: PATIENCE_MS,
  });
  let stdout = '';
  let stderr = '';
  child.stdout.on('data', (chunk: Buffer) => (stdout += chunk.toString()));
  child.stderr.on('data', (chunk: Buffer) => (stderr += chunk.toString()));
  try {
    const [code, signal] = (await once(child, 'close')) as [number | null, NodeJS.Signals | null];
    if (signal === 'SIGTERM') {
      const lastCalls = (await readFile(traceFile, 'utf8')).split('\n').slice(-8).join('\n');
      const how = JSON.stringify(options.inject ?? []);
      throw new Error(`${command.join(' ')} did not end within ${PATIENCE_MS} ms, with ${how}\n${stderr}${lastCalls}`);
    }
    return { code, signal, stdout, stderr, calls: parseTrace(await readFile(traceFile, 'utf8')) };
  } finally {
    await rm(traceFile, { force: true });
  }
}

/** The calls in the order in which they were made. Pure. */
export function parseTrace(trace: string): Call[] {
  const counts = new Map<string, number>();
  const calls: { thread: string; name: string; nth: number; text: string; injected: boolean }[] = [];
  for (const line of trace.split('\n')) {
    const resumed = /^(\d+) +<\.\.\. (\w+) resumed>(.*)$/.exec(line);
    if (resumed !== null) {
      const begun = calls.findLast(({ thread, name }) => thread === resumed[1] && name === resumed[2]);
      if (begun !== undefined) begun.injected ||= line.includes('(INJECTED)');
      continue;
    }
    const begun = /^(\d+) +(\w+)\((.*)$/.exec(line);
    if (begun === null) continue;
    const [, thread = '', name = '', text = ''] = begun;
    const nth = (counts.get(`${thread} ${name}`) ?? 0) + 1;
    counts.set(`${thread} ${name}`, nth);
    calls.push({ thread, name, nth, text, injected: text.includes('(INJECTED)') });
  }
  return calls;
}

function injectionWords(what: Injection): string {
  if ('signal' in what) return `signal=${what.signal}`;
  return 'error' in what ? `error=${what.error}` : `retval=${what.retval}`;
}
