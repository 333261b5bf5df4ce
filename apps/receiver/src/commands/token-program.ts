/** The program that `watch --exec` runs for each new token. */
import type { AccessToken } from '@token-relay/client';
import type { ChildProcess } from 'node:child_process';
import * as z from 'zod/mini';

/** From SIGTERM to SIGKILL, when the watch ends. */
const GRACE_MS = 2_000;

export interface TokenProgramOptions {
  /** Run as it is: no shell reads it. */
  readonly command: readonly [program: string, ...args: string[]];
  readonly cwd: string;
  readonly environment: Readonly<Record<string, string | undefined>>;
  /** For the user, on standard error. */
  readonly say: (line: string) => void;
}

/** It runs once at a time, with the token on its standard input; of the tokens that come meanwhile, the newest waits. */
export class TokenProgram {
  readonly #options: TokenProgramOptions;
  #waiting: AccessToken | undefined;
  #child: ChildProcess | undefined;
  #running: Promise<void> | undefined;
  #stopped = false;

  constructor(options: TokenProgramOptions) {
    this.#options = options;
  }

  run(token: AccessToken): void {
    if (this.#stopped) return;
    if (this.#running !== undefined && this.#waiting === undefined) {
      this.#options.say(`${this.#name} is still running; it runs again for the newest token when it has ended`);
    }
    this.#waiting = token;
    this.#running ??= this.#runAll();
  }

  /** Ends what runs, forgets what waits. Resolves within about 2 seconds, at once if nothing runs. */
  async stop(): Promise<void> {
    this.#stopped = true;
    this.#waiting = undefined;
    this.#child?.kill('SIGTERM');
    const kill = setTimeout(() => this.#child?.kill('SIGKILL'), GRACE_MS);
    await this.#running;
    clearTimeout(kill);
  }

  get #name(): string {
    return this.#options.command[0];
  }

  async #runAll(): Promise<void> {
    while (this.#waiting !== undefined) {
      const token = this.#waiting;
      this.#waiting = undefined;
      const complaint = await this.#runOnce(token);
      if (complaint !== undefined && !this.#stopped) this.#options.say(complaint);
    }
    this.#running = undefined;
  }

  /** Resolves, when it has ended, to what there is to complain about. */
  async #runOnce(token: AccessToken): Promise<string | undefined> {
    const { spawn } = await import('node:child_process');
    if (this.#stopped) return undefined;
    const { command, cwd, environment } = this.#options;
    const [program, ...args] = command;
    const { promise, resolve } = Promise.withResolvers<string | undefined>();
    let child: ChildProcess;
    try {
      const env = { ...environment, ...variables(token) };
      child = spawn(program, args, { cwd, env, stdio: ['pipe', 'inherit', 'inherit'] });
    } catch (error) {
      return `${program} could not be started: ${whyNotStarted(error)}`;
    }
    this.#child = child;
    child.on('error', (error) => {
      if (child.pid === undefined) resolve(`${program} could not be started: ${whyNotStarted(error)}`);
    });
    child.on('exit', (exitCode, signal) => {
      if (exitCode === 0) resolve(undefined);
      const how = exitCode === null ? `was ended by ${signal ?? 'a signal'}` : `failed with exit code ${exitCode}`;
      resolve(`${program} ${how} (generation ${token.generation})`);
    });
    // It need not read what it is given, and may be gone before it has all of it.
    child.stdin?.on('error', () => undefined);
    child.stdin?.end(token.accessToken);
    const complaint = await promise;
    child.stdin?.destroy();
    this.#child = undefined;
    return complaint;
  }
}

/** What the program is told of the token, beside the token itself: the same as the receiver's hook. */
function variables({ generation, expiresAtMs }: AccessToken): Record<string, string | undefined> {
  return {
    TOKEN_RELAY_EVENT: 'token',
    TOKEN_RELAY_GENERATION: String(generation),
    // Not that of a program around this one, if it is unknown.
    TOKEN_RELAY_EXPIRES_AT: expiresAtMs === undefined ? undefined : String(Math.floor(expiresAtMs / 1_000)),
  };
}

const withCode = z.object({ code: z.string() });

/** execve(2) */
function whyNotStarted(error: unknown): string {
  const errno = z.safeParse(withCode, error).data?.code ?? 'unknown error';
  switch (errno) {
    case 'ENOENT':
      return 'there is no such program, or not the interpreter that its first line names';
    case 'EACCES':
      return 'it may not be executed by this user';
    default:
      return `the system refused (${errno})`;
  }
}
