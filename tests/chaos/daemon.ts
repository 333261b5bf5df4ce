/** A daemon and its supervisor, which starts it again whenever it ends, as systemd would. */
import { setTimeout as sleep } from 'node:timers/promises';
import { Program } from '../system/processes.ts';
import type { DaemonName } from './plan.ts';
import type { Witness } from './witness.ts';

const RESTART_MS = 1_000;
/** An answer of Schwab that is waited for (3 s here), the last saves (2 s), units that are told to fail (5 s), and some more. */
const ENDS_WITHIN_MS = 20_000;
const STARTED = / started(;|$)/;

export interface DaemonOptions {
  readonly name: DaemonName;
  readonly args: readonly string[];
  readonly cwd: string;
  readonly env: Record<string, string>;
  readonly uid: number | undefined;
  readonly witness: Witness;
  /** Whether something is done just now that may keep a daemon from starting. */
  readonly isStartObstructed: () => boolean;
}

export class Daemon {
  readonly name: DaemonName;
  readonly #options: DaemonOptions;
  readonly #loop: Promise<void>;
  readonly #oldLines: string[] = [];
  #program: Program;
  /** What was done to end the present one. */
  #endings = new Set<'SIGKILL' | 'SIGTERM'>();
  #startNext: Promise<unknown> | undefined;
  readonly #over = new AbortController();
  starts = 1;
  failedStarts = 0;

  constructor(options: DaemonOptions) {
    this.name = options.name;
    this.#options = options;
    this.#program = this.#start();
    this.#loop = this.#supervise();
  }

  get pid(): number {
    return this.#program.child.pid ?? 0;
  }

  get isUp(): boolean {
    return this.#program.child.exitCode === null && this.#program.child.signalCode === null;
  }

  /** All that it printed, in all its lives. */
  lines(): string[] {
    return [...this.#oldLines, ...this.#program.lines];
  }

  /** The first line that matches and comes after something was done. */
  async lineAfter(pattern: RegExp, act: () => void): Promise<string> {
    const program = this.#program;
    const from = program.lines.length;
    act();
    return program.line(pattern, from);
  }

  kill(): void {
    this.#endings.add('SIGKILL');
    this.#program.signal('SIGKILL');
  }

  signal(signal: 'SIGSTOP' | 'SIGCONT' | 'SIGUSR1'): void {
    if (this.isUp) this.#program.signal(signal);
  }

  /** Ends it, and has it started again after so long; resolves then. */
  async stopFor(ms: number): Promise<void> {
    if (this.#endings.size > 0 || this.#startNext !== undefined) return;
    this.#endings.add('SIGTERM');
    const program = this.#program;
    program.signal('SIGTERM');
    const rest = program.finished.then(() => sleep(ms));
    this.#startNext = rest;
    await rest;
    this.#startNext = undefined;
  }

  /** Ends it for good. */
  async end(): Promise<void> {
    this.#over.abort();
    await this.#startNext;
    this.#endings.add('SIGTERM');
    this.#program.signal('SIGCONT');
    this.#program.signal('SIGTERM');
    const late = setTimeout(() => {
      this.#options.witness.complain(`${this.name} did not end within ${ENDS_WITHIN_MS / 1_000} s of SIGTERM`);
      this.kill();
    }, ENDS_WITHIN_MS);
    await this.#loop;
    clearTimeout(late);
  }

  #start(): Program {
    const { name, args, cwd, env, uid } = this.#options;
    this.#endings = new Set();
    const program = name === 'sender' ? 'token-refresh-sender' : 'token-receiver';
    return new Program(program, ['run', ...args], { cwd, env, ...(uid === undefined ? {} : { uid }) });
  }

  async #supervise(): Promise<void> {
    for (;;) {
      const program = this.#program;
      const { code, signal } = await program.finished;
      this.#judgeEnd(code, signal, program.lines);
      if (this.#isOver()) return;
      await (this.#startNext ?? sleep(RESTART_MS));
      if (this.#isOver()) return;
      this.#oldLines.push(...program.lines);
      this.starts += 1;
      this.#program = this.#start();
    }
  }

  #isOver(): boolean {
    return this.#over.signal.aborted;
  }

  #judgeEnd(code: number | null, signal: NodeJS.Signals | null, lines: readonly string[]): void {
    const { name, witness, isStartObstructed } = this.#options;
    witness.saw('ends of daemons');
    const wasStarted = lines.some((line) => STARTED.test(line));
    const endings = [...this.#endings];
    const isRight =
      (signal === 'SIGKILL' && this.#endings.has('SIGKILL')) ||
      (code === 0 && this.#endings.has('SIGTERM')) ||
      (signal === 'SIGTERM' && this.#endings.has('SIGTERM') && !wasStarted) ||
      ((code === 1 || code === 78) && !wasStarted && isStartObstructed());
    if (!wasStarted && code !== 0 && signal === null) this.failedStarts += 1;
    if (isRight) return;
    const how = signal ?? `exit code ${code ?? ''}`;
    const after = endings.length === 0 ? 'nobody had ended it' : `after ${endings.join(', ')}`;
    witness.complain(`${name} ended with ${how}, ${after}; its last words:\n    ${lines.slice(-8).join('\n    ')}`);
  }
}
