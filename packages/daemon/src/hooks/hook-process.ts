/** One run of one hook, from its start until nothing of it is left. */
import type { ChildProcess } from 'node:child_process';
import type { Readable } from 'node:stream';
import { errnoOf } from '../errno.ts';
import type { Hook } from './hook-settings.ts';
import { OutputHead } from './output-head.ts';

/** `process.kill`, as `main.ts` hands it over: a process id below 0 means a process group; signal 0 only looks. */
export type Kill = (pid: number, signal: 'SIGTERM' | 'SIGKILL' | 0) => unknown;

export interface HookRunContext {
  /** All of it: nothing else is passed on. */
  readonly environment: Readonly<Record<string, string>>;
  readonly stdin: string;
  /** Whether what it writes may hold a secret that it was given: then it is only counted. */
  readonly isOutputSecret: boolean;
  /** Ends the hook, as its deadline does. */
  readonly stop: AbortSignal;
  readonly kill: Kill;
}

/** How it ended. `timed_out`: also when it has ended, but a process that it started still held its output. */
export type HookEnd =
  | { readonly kind: 'exited'; readonly exitCode: number }
  | { readonly kind: 'killed'; readonly signal: string }
  | { readonly kind: 'timed_out' }
  | { readonly kind: 'stopped' }
  | { readonly kind: 'not_started'; readonly errno: string };

export interface HookResult {
  readonly end: HookEnd;
  /** What the log says that it wrote, empty if it wrote nothing: its first 2 kB on one line, or how much it was. */
  readonly output: string;
}

/** From SIGTERM to SIGKILL. */
const GRACE_MS = 2_000;
/** How long to wait for a process that SIGKILL does not end: one that hangs in the kernel. */
const KILL_MS = 1_000;
const LOOK_EVERY_MS = 25;
/** After each piece (64 kB) of what a hook writes beyond its head. */
const FLOOD_PAUSE_MS = 10;

/**
 * Runs a hook in a process group of its own. At its deadline, or when `stop` aborts, the whole group gets SIGTERM, and
 * SIGKILL two seconds later. Never rejects, and resolves within the deadline and 3 seconds.
 */
export async function runHook(hook: Hook, context: HookRunContext): Promise<HookResult> {
  const { spawn } = await import('node:child_process');
  const { environment, stdin, isOutputSecret, stop, kill } = context;
  if (stop.aborted) return { end: { kind: 'stopped' }, output: '' };
  const output = new OutputHead();
  const [program, ...args] = hook.command;
  let child: ChildProcess;
  try {
    child = spawn(program, args, { env: { ...environment }, detached: true, stdio: ['pipe', 'pipe', 'pipe'] });
  } catch (error) {
    return { end: notStarted(error), output: '' };
  }
  const streams = [child.stdin, child.stdout, child.stderr];
  // A hook need not read what it is given, and may be gone before it has all of it.
  for (const stream of streams) stream?.on('error', () => undefined);
  if (child.stdout !== null) readHead(child.stdout, output);
  if (child.stderr !== null) readHead(child.stderr, output);
  child.stdin?.end(stdin);
  const end = await endOf(child, hook.timeoutMs, stop, kill);
  // Nothing that is left, and no pipe that somebody still holds, keeps the daemon from ending.
  for (const stream of streams) stream?.destroy();
  child.unref();
  if (output.bytes === 0) return { end, output: '' };
  const size = ` ${output.bytes} bytes, which are not logged because a token may be among them`;
  return { end, output: isOutputSecret ? size : `: ${output.text()}` };
}

/** Reads on when the head is full, so that the hook is not held up, but no faster than a flood is worth. */
function readHead(stream: Readable, output: OutputHead): void {
  let pause: NodeJS.Timeout | undefined;
  stream.on('data', (chunk: Uint8Array) => {
    output.push(chunk);
    if (!output.isFull) return;
    stream.pause();
    pause = setTimeout(() => stream.resume(), FLOOD_PAUSE_MS);
  });
  stream.on('close', () => clearTimeout(pause));
}

function endOf(child: ChildProcess, timeoutMs: number, stop: AbortSignal, kill: Kill): Promise<HookEnd> {
  const { pid } = child;
  return new Promise((resolve) => {
    const settle = (): void => {
      clearTimeout(deadline);
      stop.removeEventListener('abort', onStop);
      child.off('close', onClose);
    };
    const cut = (kind: 'timed_out' | 'stopped'): void => {
      if (pid === undefined) return;
      settle();
      void endGroup(pid, kill).then(() => resolve({ kind }));
    };
    const onStop = (): void => cut('stopped');
    const onClose = (exitCode: number | null, signal: string | null): void => {
      settle();
      resolve(exitCode === null ? { kind: 'killed', signal: signal ?? 'a signal' } : { kind: 'exited', exitCode });
    };
    const deadline = setTimeout(() => cut('timed_out'), timeoutMs);
    stop.addEventListener('abort', onStop);
    child.on('close', onClose);
    child.on('error', (error) => {
      if (pid !== undefined) return;
      settle();
      resolve(notStarted(error));
    });
  });
}

async function endGroup(pid: number, kill: Kill): Promise<void> {
  for (const { signal, patienceMs } of [
    { signal: 'SIGTERM', patienceMs: GRACE_MS },
    { signal: 'SIGKILL', patienceMs: KILL_MS },
  ] as const) {
    if (!reaches(kill, -pid, signal)) return;
    for (let waitedMs = 0; waitedMs < patienceMs; waitedMs += LOOK_EVERY_MS) {
      await new Promise((resolve) => setTimeout(resolve, LOOK_EVERY_MS));
      if (!reaches(kill, -pid, 0)) return;
    }
  }
}

/** False when nobody is left, or nobody whom this user may signal. */
function reaches(kill: Kill, pid: number, signal: Parameters<Kill>[1]): boolean {
  try {
    kill(pid, signal);
    return true;
  } catch {
    return false;
  }
}

function notStarted(error: unknown): HookEnd {
  return { kind: 'not_started', errno: errnoOf(error) ?? 'unknown error' };
}
