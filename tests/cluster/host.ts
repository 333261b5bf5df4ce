/** One host of the cluster: a sender and a receiver as processes on a machine of its own, with a clock of its own. */
import { LocalHttpError, requestLocal } from '@token-relay/daemon';
import { fingerprint } from '@token-relay/tokens';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { redirectAfterLogin } from '../../apps/sender/tests/stand-in-browser.ts';
import { recordSecretsIn } from '../record/record.ts';
import { Program, type Finished } from '../system/processes.ts';
import type { CertificateFiles } from './certificates.ts';
import type { Machine } from './network.ts';
import { senderSettings } from './sender-settings.ts';
import { clockAhead } from './wrong-clock.ts';

const ANSWER_WITHIN_MS = 5_000;
const ENDS_WITHIN_MS = 20_000;
const LEADS = /Cluster: this host leads/;

export interface HostOptions {
  readonly machine: Machine;
  readonly folder: string;
  readonly clockAheadSeconds: number;
  readonly servers: readonly Machine[];
  readonly tls: CertificateFiles;
  readonly credentials: { readonly appKey: string; readonly appSecret: string };
  readonly refreshSeconds: number;
}

export class ClusterHost {
  readonly machine: Machine;
  readonly #options: HostOptions;
  readonly #senders: Program[] = [];
  readonly #receiver: Program;
  #isFrozen = false;
  /** Whether a sender of it has been ended by us, or was not started yet. */
  #isDown = true;

  constructor(options: HostOptions) {
    const { folder, machine } = options;
    this.#options = options;
    this.machine = machine;
    mkdirSync(folder);
    const { appKey, appSecret } = options.credentials;
    this.#write('app.yaml', `app_key: ${appKey}\napp_secret: ${appSecret}\ncallback_url: https://127.0.0.1:8182\n`);
    this.#write('sender.yaml', senderSettings(options));
    this.#receiver = this.#program('token-receiver', ['run', '--log-file=receiver.log']);
  }

  get name(): string {
    return this.machine.name;
  }

  get isUp(): boolean {
    return !this.#isDown && !this.#isFrozen;
  }

  /** What its sender last said of the cluster. */
  get leads(): boolean {
    return !this.#isDown && LEADS.test(this.#lastWord());
  }

  /** Whether it said last that it goes on refreshing without the store. */
  get isAlone(): boolean {
    return !this.#isDown && this.#lastWord().includes('This host led last');
  }

  /** All that its senders said, as people have it: what is said again and again is left to `log_level: debug`. */
  lines(): readonly string[] {
    return this.#senders.flatMap(({ lines }) => lines).filter((line) => !line.includes('] DEBUG: '));
  }

  putTokenFile(text: string): void {
    this.#write('schwab_tokens.json', text);
  }

  /** The first one seals. */
  putKeys(first: string, second: string): void {
    this.#write('first.key', first);
    this.#write('second.key', second);
  }

  startSender(): void {
    this.#isDown = false;
    this.#senders.push(this.#program('token-refresh-sender', ['run', '--config=sender.yaml']));
  }

  async killSender(): Promise<void> {
    this.#isDown = true;
    await this.#senders.at(-1)?.stop('SIGKILL');
  }

  freeze(isFrozen: boolean): void {
    this.#isFrozen = isFrozen;
    this.#senders.at(-1)?.signal(isFrozen ? 'SIGSTOP' : 'SIGCONT');
  }

  /** Resolves when it has read its files again. */
  async reload(): Promise<void> {
    const sender = this.#senders.at(-1);
    const from = sender?.lines.length;
    sender?.signal('SIGHUP');
    await sender?.line(/SIGHUP/, from);
  }

  /** Logs in here, as a person would who has no browser on it. */
  async logIn(authorizeUrl: string): Promise<void> {
    const args = ['login', '--no-browser', '--config=sender.yaml'];
    const command = this.#program('token-refresh-sender', args, 'pipe');
    const offered = new URL((await command.line(/^ {2}http:\S+$/)).trim());
    command.child.stdin?.write(`${await redirectAfterLogin(`${authorizeUrl}${offered.search}`)}\n`);
    const { code, stdout, stderr } = await command.finished;
    if (code !== 0) throw new Error(`${this.name}: login ended with ${code ?? 'a signal'}: ${stdout}${stderr}`);
  }

  /** What its receiver hands out now. @returns the token's fingerprint, or why there is none */
  async held(): Promise<{ readonly fingerprint: string } | { readonly problem: string }> {
    const body = await this.#ask('/v1/token');
    const { access_token: accessToken, code } = body as { access_token?: string; code?: string };
    return accessToken === undefined ? { problem: code ?? 'no answer' } : { fingerprint: fingerprint(accessToken) };
  }

  /** The tokens that its receiver took, oldest first, with their generations. */
  async received(): Promise<readonly { readonly generation: number; readonly fingerprint: string }[]> {
    const body = await this.#ask('/v1/history');
    return (body as { tokens: { generation: number; fingerprint: string }[] }).tokens.toReversed();
  }

  /** Ends both; rejects if one did not end as it should. */
  async stop(): Promise<void> {
    const sender = this.#senders.at(-1);
    const ends = await Promise.all([this.#isDown ? undefined : stopInTime(sender), stopInTime(this.#receiver)]);
    const wrong = ends.find((end) => end !== undefined && end.code !== 0);
    if (wrong !== undefined)
      throw new Error(
        `${this.name}: a daemon ended with ${wrong.code ?? wrong.signal ?? ''}: ${wrong.stdout.slice(-2_000)}${wrong.stderr}`,
      );
  }

  /** Of the daemons that nobody ended. */
  ended(): string | undefined {
    const running = [this.#receiver, ...(this.#isDown ? [] : this.#senders.slice(-1))];
    const ended = running.find(({ child }) => child.exitCode !== null || child.signalCode !== null);
    return ended === undefined
      ? undefined
      : `a daemon of ${this.name} ended by itself: ${ended.lines.slice(-5).join('\n')}`;
  }

  #lastWord(): string {
    return this.#senders.at(-1)?.lines.findLast((line) => line.includes('Cluster: ')) ?? '';
  }

  async #ask(path: string): Promise<unknown> {
    const socket = join(this.#options.folder, 'api.sock');
    try {
      return (await requestLocal(socket, { method: 'GET', path, timeoutMs: ANSWER_WITHIN_MS })).body;
    } catch (error) {
      if (!(error instanceof LocalHttpError)) throw error;
      return { code: error.message, tokens: [] };
    }
  }

  #program(name: 'token-refresh-sender' | 'token-receiver', args: readonly string[], stdin?: 'pipe'): Program {
    const { folder, machine, clockAheadSeconds } = this.#options;
    const sockets = name === 'token-receiver' ? ['--unix-socket-path=token.sock', '--api-socket-path=api.sock'] : [];
    return new Program(name, [...args, ...sockets], {
      cwd: folder,
      env: { PATH: process.env['PATH'] ?? '', XDG_RUNTIME_DIR: folder, ...clockAhead(clockAheadSeconds) },
      through: machine.through,
      ...(stdin === undefined ? {} : { stdin }),
    });
  }

  #write(name: string, text: string): void {
    recordSecretsIn(text);
    writeFileSync(join(this.#options.folder, name), text, { mode: 0o600 });
  }
}

/** One that does not end is killed, and so ends wrongly. */
async function stopInTime(program: Program | undefined): Promise<Finished | undefined> {
  const late = setTimeout(() => program?.signal('SIGKILL'), ENDS_WITHIN_MS);
  const finished = await program?.stop();
  clearTimeout(late);
  return finished;
}
