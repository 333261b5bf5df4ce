/** Socket units without systemd: a parent that listens, starts the receiver with its sockets, and keeps them when it ends. */
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { createInterface } from 'node:readline';

/** Long enough for a loaded machine; a wait that gets this far has failed. */
const PATIENCE_MS = 30_000;

export class SocketUnits implements AsyncDisposable {
  readonly lines: string[] = [];
  readonly #child: ChildProcess;
  #pid = 0;
  #news = Promise.withResolvers<undefined>();

  private constructor(command: readonly string[], env: Readonly<Record<string, string>>) {
    const script = join(import.meta.dirname, 'socket_units.py');
    this.#child = spawn('python3', [script, ...command], { env, stdio: ['pipe', 'pipe', 'pipe'] });
    for (const stream of [this.#child.stdout, this.#child.stderr]) {
      if (stream === null) throw new Error('no pipe');
      createInterface({ input: stream }).on('line', (line) => {
        const pid = /^pid (\d+)$/.exec(line)?.[1];
        if (pid !== undefined) this.#pid = Number(pid);
        this.lines.push(line);
        this.#news.resolve(undefined);
        this.#news = Promise.withResolvers();
      });
    }
  }

  /** @param sockets a path, or `tcp`, for each name */
  static async listen(
    sockets: Readonly<Record<string, string>>,
    command: readonly string[],
    env: Readonly<Record<string, string>>,
  ): Promise<SocketUnits> {
    const units = Object.entries(sockets).map(([name, path]) => `${name}=${path}`);
    const made = new SocketUnits([...units, '--', ...command], { PATH: process.env['PATH'] ?? '', ...env });
    await made.line(/^listening$/);
    return made;
  }

  /** Starts the program once somebody connects; one that runs is killed before. */
  activate(): void {
    this.#child.stdin?.write('activate\n');
  }

  /** Starts the program; one that runs is killed before. Resolves to the number of its first line. */
  async start(): Promise<number> {
    const from = this.lines.length;
    this.#child.stdin?.write('start\n');
    await this.line(/^pid /, from);
    return from;
  }

  signal(signal: NodeJS.Signals): void {
    process.kill(this.#pid, signal);
  }

  /** The first line that matches, after line number `from`. */
  async line(pattern: RegExp, from = 0): Promise<string> {
    const deadline = AbortSignal.timeout(PATIENCE_MS);
    const late = once(deadline, 'abort');
    for (;;) {
      const found = this.lines.slice(from).find((line) => pattern.test(line));
      if (found !== undefined) return found;
      if (deadline.aborted) throw new Error(`no line matches ${String(pattern)}; printed:\n${this.lines.join('\n')}`);
      await Promise.race([this.#news.promise, late]);
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const ended = once(this.#child, 'close');
    this.#child.stdin?.end();
    await ended;
  }
}
