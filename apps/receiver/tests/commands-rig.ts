/** Runs a command in this process, against a receiver of the test's own. */
import { Command, runCommandLine, type Surroundings } from '@token-relay/daemon';
import { EventEmitter, once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { createServer, type IncomingMessage, type RequestListener, type ServerResponse } from 'node:http';
import { join } from 'node:path';
import { PassThrough } from 'node:stream';
import { onTestFinished } from 'vitest';
import { temporaryFolder } from './running-receiver.ts';

export type Action = (surroundings: Surroundings, flags: Readonly<Record<string, unknown>>) => Promise<void>;

export class Stage {
  readonly folder: string = temporaryFolder();
  readonly api: string = join(this.folder, 'api.sock');
  readonly printed = { out: '', err: '' };
  /** `SIGTERM`… are emitted here */
  readonly signals = new EventEmitter();
  /** `error` is emitted here */
  readonly stdout = Object.assign(new EventEmitter(), { write: (text: string) => this.#print('out', text) });
  #news = Promise.withResolvers<undefined>();

  constructor() {
    writeFileSync(join(this.folder, 'empty.yaml'), '');
  }

  /** Resolves with the exit code. */
  run(action: Action, flags: Readonly<Record<string, unknown>> = {}): Promise<number> {
    const surroundings: Surroundings = {
      env: { PATH: process.env['PATH'] ?? '', FROM_THE_USER: 'yes' },
      cwd: this.folder,
      uid: process.getuid?.() ?? 0,
      pid: process.pid,
      signals: this.signals,
      stdin: () => new PassThrough(),
      stdout: this.stdout,
      stderr: { write: (text) => this.#print('err', text) },
      stdoutFile: undefined,
      usage: () => ({ residentBytes: 0, cpuSeconds: 0 }),
      kill: () => true,
      exitNow: () => undefined,
    };
    const settings = { config: join(this.folder, 'empty.yaml'), apiSocketPath: this.api };
    const program = new Command().action(() => action(surroundings, { ...settings, ...flags }));
    return runCommandLine(program, ['node', 'token-receiver'], surroundings);
  }

  /** Resolves once it is so; looks whenever something was printed. */
  async until(isSo: () => boolean): Promise<void> {
    while (!isSo()) await this.#news.promise;
  }

  /** A stand-in for the receiver. @returns what ends it, as a restart would */
  async serve(listener: RequestListener): Promise<() => Promise<void>> {
    const server = createServer(listener);
    await once(server.listen(this.api), 'listening');
    const stop = async () => {
      const closed = once(server, 'close');
      server.close();
      server.closeAllConnections();
      await closed;
    };
    onTestFinished(async () => {
      if (server.listening) await stop();
    });
    return stop;
  }

  #print(where: 'out' | 'err', text: string): void {
    this.printed[where] += text;
    this.#news.resolve(undefined);
    this.#news = Promise.withResolvers<undefined>();
  }
}

export function answer(response: ServerResponse, status: number, body: string | object): void {
  const type = typeof body === 'string' ? 'text/plain' : status < 400 ? 'application/json' : 'application/problem+json';
  response.writeHead(status, { 'Content-Type': type }).end(typeof body === 'string' ? body : JSON.stringify(body));
}

/** As the receiver says it. */
export const noTokenYet = {
  type: 'about:blank',
  title: 'No token yet',
  status: 404,
  code: 'token_not_found',
  detail: 'Is it running?',
};

export function waitOf(request: IncomingMessage): number {
  return Number(new URL(request.url ?? '', 'http://localhost').searchParams.get('wait'));
}
