/** A program that runs, in the machine or here: watched through what it prints, always ended. */
import { spawn, type ChildProcess } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { createInterface } from 'node:readline';

/** Long enough for a loaded machine; a wait that gets this far has failed. */
export const PATIENCE_MS = 60_000;
/** For what it was asked to end, to do so. */
const KILL_AFTER_MS = 2_000;

export interface Outcome {
  readonly stdout: string;
  readonly stderr: string;
  /** 128 + the signal's number, if a signal ended it; what was not found is 127 */
  readonly exitCode: number;
}

export interface ProgramOptions {
  /** what it reads; without it, its standard input is at its end */
  readonly input?: string | Buffer;
  /** `open`: a standard input that lasts until the program is ended */
  readonly stdin?: 'open';
  readonly env?: Readonly<Record<string, string>>;
  /** what messages call it; the command itself, if not given */
  readonly name?: string;
}

const signalNumbers: Readonly<Record<string, number>> = { SIGINT: 2, SIGKILL: 9, SIGTERM: 15 };

export class Program implements AsyncDisposable {
  readonly outcome: Promise<Outcome>;
  readonly lines: string[] = [];
  readonly name: string;
  readonly #child: ChildProcess;
  #news = Promise.withResolvers<undefined>();
  #ended = false;

  constructor(command: readonly string[], options: ProgramOptions = {}) {
    const { input, stdin, env = {}, name: shownName = command.join(' ') } = options;
    const [file = '', ...args] = command;
    this.name = shownName;
    const { promise, resolve, reject } = Promise.withResolvers<Outcome>();
    this.outcome = promise;
    // In a process group of its own, to be ended with all that it started, and not with the terminal's Ctrl+C.
    const child = spawn(file, args, { env, detached: true, stdio: ['pipe', 'pipe', 'pipe'] });
    this.#child = child;
    const output = { stdout: '', stderr: '' };
    for (const name of ['stdout', 'stderr'] as const) {
      child[name].setEncoding('utf8').on('data', (text: string) => (output[name] += text));
      createInterface({ input: child[name] }).on('line', (line) => {
        this.lines.push(line);
        this.#tell();
      });
    }
    // It may end without reading all.
    child.stdin.on('error', () => undefined);
    if (input !== undefined) child.stdin.end(input);
    else if (stdin === undefined) child.stdin.end();
    child.on('error', reject);
    child.on('close', (code, signal) => {
      this.#ended = true;
      this.#tell();
      resolve({ ...output, exitCode: code ?? 128 + (signalNumbers[signal ?? ''] ?? 0) });
    });
    // Whoever looks only at its lines is not to be told of this.
    promise.catch(() => {
      this.#ended = true;
      this.#tell();
    });
  }

  get hasEnded(): boolean {
    return this.#ended;
  }

  /** The first line that `look` finds something in; rejects with all that was printed if none comes. */
  async find<T>(what: string, look: (line: string) => T | undefined, from = 0): Promise<T> {
    const deadlineMs = performance.now() + PATIENCE_MS;
    for (let next = from; ;) {
      for (; next < this.lines.length; next += 1) {
        const found = look(this.lines[next] ?? '');
        if (found !== undefined) return found;
      }
      const leftMs = deadlineMs - performance.now();
      if (this.#ended || leftMs <= 0) {
        throw new Error(`${what} did not come from ${this.name}; it printed:\n${this.lines.join('\n')}`);
      }
      await this.news(leftMs);
    }
  }

  line(pattern: RegExp, from = 0): Promise<string> {
    return this.find(`A line that matches ${String(pattern)}`, (line) => (pattern.test(line) ? line : undefined), from);
  }

  /** Resolves at the next line, at its end, or after so long. */
  async news(limitMs: number): Promise<void> {
    const late = Promise.withResolvers<undefined>();
    const timer = setTimeout(() => late.resolve(undefined), limitMs);
    await Promise.race([this.#news.promise, late.promise]);
    clearTimeout(timer);
  }

  /** Ends its standard input, and so a program that lives as long as that. */
  endInput(): void {
    this.#child.stdin?.end();
  }

  /** Signals it and what it started. Resolves when it has ended, if need be by force. */
  async kill(signal: 'SIGTERM' | 'SIGINT' = 'SIGTERM'): Promise<Outcome> {
    this.#signal(-this.#pid, signal);
    const force = setInterval(() => this.#force(), KILL_AFTER_MS);
    return this.outcome.finally(() => clearInterval(force));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.kill();
  }

  get #pid(): number {
    return this.#child.pid ?? 0;
  }

  /** What it waits for first, so that it can bury that. A signal to a shell that is just starting something is lost. */
  #force(): void {
    const children = childrenOf(this.#pid);
    for (const pid of children.length > 0 ? children : [-this.#pid]) this.#signal(pid, 'SIGKILL');
  }

  #signal(pid: number, signal: NodeJS.Signals): void {
    if (this.#ended || this.#pid === 0) return;
    try {
      process.kill(pid, signal);
    } catch (error) {
      // It has just ended by itself.
      if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
    }
  }

  #tell(): void {
    this.#news.resolve(undefined);
    this.#news = Promise.withResolvers<undefined>();
  }
}

function childrenOf(pid: number): readonly number[] {
  try {
    return readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').split(' ').filter(Boolean).map(Number);
  } catch {
    return [];
  }
}

/** Runs it to its end; after `timeoutMs` it is killed, and this rejects with what it printed. */
export async function runToEnd(
  command: readonly string[],
  options: ProgramOptions & { readonly timeoutMs?: number } = {},
): Promise<Outcome> {
  const { timeoutMs = PATIENCE_MS } = options;
  const program = new Program(command, options);
  const late = AbortSignal.timeout(timeoutMs);
  late.addEventListener('abort', () => void program.kill());
  const outcome = await program.outcome;
  if (late.aborted) {
    throw new Error(`${program.name} took longer than ${timeoutMs} ms; it printed:\n${program.lines.join('\n')}`);
  }
  return outcome;
}
