/** The built daemons as processes: started in a folder of their own, watched through what they print, always ended. */
import { startSandbox, type Sandbox, type SandboxOptions } from '@token-relay/schwab-sandbox';
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { chmod, glob, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { request } from 'node:http';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { createInterface } from 'node:readline';
import { recordOutput, recordSecretsIn } from '../record/record.ts';

const root = join(import.meta.dirname, '../..');
const programs = {
  'token-refresh-sender': join(root, 'apps/sender/bin/token-refresh-sender'),
  'token-receiver': join(root, 'apps/receiver/bin/token-receiver'),
} as const;
type ProgramName = keyof typeof programs;

/** Long enough for a loaded machine; a wait that gets this far has failed. */
const PATIENCE_MS = 30_000;

export interface Finished {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly stdout: string;
  readonly stderr: string;
}

export class Program {
  readonly child: ChildProcess;
  readonly finished: Promise<Finished>;
  readonly lines: string[] = [];
  #news = Promise.withResolvers<undefined>();
  #ended = false;

  constructor(
    name: ProgramName,
    args: readonly string[],
    options: {
      cwd: string;
      env: Record<string, string>;
      uid?: number;
      stdin?: 'pipe';
      /** What starts it, with its own arguments: `['strace', '-f']`. */
      through?: readonly string[];
    },
  ) {
    const [command = '', ...rest] = [...(options.through ?? []), programs[name], ...args];
    this.child = spawn(command, rest, {
      cwd: options.cwd,
      env: options.env,
      stdio: [options.stdin ?? 'ignore', 'pipe', 'pipe'],
      ...(options.uid === undefined ? {} : { uid: options.uid, gid: options.uid }),
    });
    const output = { stdout: '', stderr: '' };
    for (const stream of ['stdout', 'stderr'] as const) {
      const pipe = this.child[stream];
      if (pipe === null) throw new Error('no pipe');
      const recordedAs = `${name}-${args[0] ?? ''}-${this.child.pid ?? 0}-${stream}`;
      pipe.on('data', (chunk: Buffer) => {
        output[stream] += chunk.toString();
        if (stream === 'stderr' || !handsOutTokens(args)) recordOutput(recordedAs, chunk.toString());
      });
      createInterface({ input: pipe }).on('line', (line) => {
        this.lines.push(line);
        this.#tell();
      });
    }
    this.finished = once(this.child, 'close').then(([code, signal]: unknown[]) => {
      this.#ended = true;
      this.#tell();
      return { code: code as number | null, signal: signal as NodeJS.Signals | null, ...output };
    });
  }

  /** The first line that matches, after line number `from`; rejects with all that was printed if it ends without one. */
  async line(pattern: RegExp, from = 0): Promise<string> {
    return this.until(`a line that matches ${String(pattern)}`, () =>
      this.lines.slice(from).find((line) => pattern.test(line)),
    );
  }

  async until<T>(what: string, look: () => T | undefined): Promise<T> {
    const deadline = AbortSignal.timeout(PATIENCE_MS);
    const late = once(deadline, 'abort');
    for (;;) {
      const found = look();
      if (found !== undefined) return found;
      if (deadline.aborted || this.#ended) throw new Error(`${what} did not come; printed:\n${this.lines.join('\n')}`);
      await Promise.race([this.#news.promise, late]);
    }
  }

  count(pattern: RegExp): number {
    return this.lines.filter((line) => pattern.test(line)).length;
  }

  signal(signal: NodeJS.Signals): void {
    this.child.kill(signal);
  }

  async stop(signal: NodeJS.Signals = 'SIGTERM'): Promise<Finished> {
    this.child.kill(signal);
    return this.finished;
  }

  #tell(): void {
    this.#news.resolve(undefined);
    this.#news = Promise.withResolvers<undefined>();
  }
}

/** Whether it is what this command is for. */
function handsOutTokens([command = '']: readonly string[]): boolean {
  return ['token', 'tokens', 'watch'].includes(command);
}

/** One user's folder with a sandbox beside it. Dispose of it with `await using`. */
export class Bench {
  readonly folder: string;
  readonly sandbox: Sandbox;
  readonly #programs: Program[] = [];

  private constructor(folder: string, sandbox: Sandbox) {
    this.folder = folder;
    this.sandbox = sandbox;
  }

  static async make(options: Partial<SandboxOptions> = {}): Promise<Bench> {
    const bench = new Bench(await mkdtemp(join(tmpdir(), 'relay-test-')), await startSandbox(options));
    await bench.writeAppConfig(bench.sandbox.credentials);
    bench.sandbox.logIn();
    await bench.writeTokenFile(bench.sandbox.tokenFileText());
    return bench;
  }

  path(name: string): string {
    return join(this.folder, name);
  }

  get tokenFile(): string {
    return this.path('schwab_tokens.json');
  }

  get socket(): string {
    return this.path('token.sock');
  }

  get api(): string {
    return this.path('api.sock');
  }

  async writeAppConfig({ appKey, appSecret }: { appKey: string; appSecret: string }): Promise<void> {
    await this.write(
      'app.yaml',
      `app_key: ${appKey}\napp_secret: ${appSecret}\ncallback_url: https://127.0.0.1:8182\n`,
      0o600,
    );
  }

  async writeTokenFile(text: string, mode = 0o600): Promise<void> {
    await this.write('schwab_tokens.json', text, mode);
  }

  async write(name: string, text: string, mode = 0o644): Promise<void> {
    if ((mode & 0o077) === 0) recordSecretsIn(text);
    await writeFile(this.path(name), text);
    await chmod(this.path(name), mode);
  }

  async tokens(): Promise<{ creation_timestamp: number; token: Record<string, unknown> }> {
    return JSON.parse(await readFile(this.tokenFile, 'utf8')) as {
      creation_timestamp: number;
      token: Record<string, unknown>;
    };
  }

  start(
    name: ProgramName,
    args: readonly string[],
    options: { env?: Record<string, string>; uid?: number; stdin?: 'pipe'; through?: readonly string[] } = {},
  ): Program {
    const program = new Program(name, args, {
      cwd: this.folder,
      env: { PATH: process.env['PATH'] ?? '', XDG_RUNTIME_DIR: this.folder, ...options.env },
      ...(options.uid === undefined ? {} : { uid: options.uid }),
      ...(options.stdin === undefined ? {} : { stdin: options.stdin }),
      ...(options.through === undefined ? {} : { through: options.through }),
    });
    this.#programs.push(program);
    return program;
  }

  receiver(...args: string[]): Program {
    return this.start('token-receiver', ['run', ...this.receiverArguments(), ...args]);
  }

  receiverArguments(): string[] {
    return [
      `--unix-socket-path=${this.socket}`,
      `--api-socket-path=${this.api}`,
      `--log-file=${this.path('receiver.log')}`,
    ];
  }

  sender(...args: string[]): Program {
    return this.start('token-refresh-sender', ['run', ...this.senderArguments(), ...args]);
  }

  senderArguments(): string[] {
    return [
      '--app-config=app.yaml',
      `--token-file=${this.tokenFile}`,
      `--token-url=${this.sandbox.tokenUrl}`,
      `--socket-path=${this.socket}`,
      `--control-socket-path=${this.path('control.sock')}`,
      `--log-file=${this.path('sender.log')}`,
    ];
  }

  /** Runs a command of the sender to its end. */
  async senderCommand(name: string, ...args: string[]): Promise<Finished> {
    return this.start('token-refresh-sender', [name, ...this.senderArguments(), ...args]).finished;
  }

  async receiverCommand(name: string, ...args: string[]): Promise<Finished> {
    return this.start('token-receiver', [name, ...this.receiverArguments(), ...args]).finished;
  }

  /** `GET path` on the receiver's api.sock. */
  async get(path: string): Promise<{ status: number; headers: Record<string, unknown>; text: string }> {
    const { promise, resolve, reject } = Promise.withResolvers<{
      status: number;
      headers: Record<string, unknown>;
      text: string;
    }>();
    const asked = request({ socketPath: this.api, path, agent: false }, (response) => {
      let text = '';
      response.on('data', (chunk: Buffer) => (text += chunk.toString()));
      response.on('end', () => {
        if (!path.startsWith('/v1/token')) recordOutput('api', `${text}\n`);
        resolve({ status: response.statusCode ?? 0, headers: response.headers, text });
      });
    });
    asked.on('error', reject);
    asked.end();
    return promise;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const program of this.#programs) program.signal('SIGKILL');
    await Promise.all(this.#programs.map((program) => program.finished));
    await this.sandbox.close();
    for await (const file of glob('**/*.log*', { cwd: this.folder })) {
      recordOutput(`log-file-${basename(file)}`, await readFile(this.path(file), 'utf8'));
    }
    await rm(this.folder, { recursive: true, force: true });
  }
}
