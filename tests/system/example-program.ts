/** A program of docs/examples as a process group of its own, watched through what it prints. */
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { onTestFinished } from 'vitest';

export const EXAMPLES = join(import.meta.dirname, '../../docs/examples');

/** Long enough for a loaded machine; a wait that gets this far has failed. */
const PATIENCE_MS = 60_000;

export class ExampleProgram {
  readonly lines: string[] = [];
  /** The exit code. */
  readonly finished: Promise<number | null>;
  readonly #child: ChildProcess;
  #news = Promise.withResolvers<undefined>();
  #ended = false;

  constructor(command: readonly string[], options: { cwd: string; env: Record<string, string> }) {
    const [file = '', ...args] = command;
    this.#child = spawn(file, args, {
      ...options,
      env: { PATH: process.env['PATH'] ?? '', ...options.env },
      stdio: ['ignore', 'pipe', 'pipe'],
      // A shell and the curl that it runs are signalled together.
      detached: true,
    });
    for (const pipe of [this.#child.stdout, this.#child.stderr]) {
      if (pipe === null) throw new Error('no pipe');
      createInterface({ input: pipe }).on('line', (line) => {
        this.lines.push(line);
        this.#tell();
      });
    }
    this.finished = once(this.#child, 'close').then(([code]: unknown[]) => {
      this.#ended = true;
      this.#tell();
      return code as number | null;
    });
    onTestFinished(async () => {
      this.signal('SIGCONT');
      this.signal('SIGKILL');
      await this.finished;
    });
  }

  /** Resolves when a line of either stream matches; rejects with all that was printed if none does. */
  async line(pattern: RegExp): Promise<string> {
    const deadline = AbortSignal.timeout(PATIENCE_MS);
    const late = once(deadline, 'abort');
    for (;;) {
      const found = this.lines.find((line) => pattern.test(line));
      if (found !== undefined) return found;
      if (deadline.aborted || this.#ended) {
        throw new Error(`no line that matches ${String(pattern)}; printed:\n${this.lines.join('\n')}`);
      }
      await Promise.race([this.#news.promise, late]);
    }
  }

  signal(signal: NodeJS.Signals): void {
    const { pid } = this.#child;
    if (this.#ended || pid === undefined) return;
    try {
      process.kill(-pid, signal);
    } catch {
      // It has ended meanwhile.
    }
  }

  #tell(): void {
    this.#news.resolve(undefined);
    this.#news = Promise.withResolvers<undefined>();
  }
}
