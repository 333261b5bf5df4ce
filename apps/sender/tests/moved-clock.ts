/** The whole sender on a clock that the test moves: real files, real HTTP to the sandbox, a real receiver, real hooks. */
import { startSandbox, type Sandbox, type SandboxOptions } from '@token-relay/schwab-sandbox';
import { TokenReceiver } from '@token-relay/socket';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, onTestFinished, vi } from 'vitest';
import { Sender } from '../src/sender.ts';
import { loadSenderSettings } from '../src/settings.ts';
import { realSurroundings } from '../src/surroundings.ts';
import { reminderFile } from '../src/week/reminder-store.ts';
import { recordingLog } from './recording-log.ts';
import { redirectAfterLogin } from './stand-in-browser.ts';
import { temporaryFolder } from './temporary-folder.ts';

export const SECOND = 1_000;
export const MINUTE = 60 * SECOND;
export const HOUR = 60 * MINUTE;
export const DAY = 24 * HOUR;

const START_MS = 1_762_983_055_000;
const EVENTS = ['login_due', 'login_required', 'login_done'];
/** What is said when each of these hooks is run; `login_done` follows a login. */
const REMINDER = /^WARN The login ends in/;
const LOGIN_REQUIRED = /^ERROR Login required/;

export class MovedClockRig {
  readonly sandbox: Sandbox;
  readonly receiver: TokenReceiver;
  readonly lines: string[] = [];
  readonly #folder: string;
  #sender: Sender | undefined;
  #stop = new AbortController();
  #running: Promise<void> = Promise.resolve();
  #suspendedMs = 0;
  #loginsMade = 0;
  #remindersOfEarlierLogins = 0;

  private constructor(folder: string, sandbox: Sandbox, receiver: TokenReceiver) {
    this.#folder = folder;
    this.sandbox = sandbox;
    this.receiver = receiver;
  }

  /** Just logged in, with a sender that runs; all of it ends with the test. */
  static async start(options: Partial<SandboxOptions> = {}): Promise<MovedClockRig> {
    vi.useFakeTimers({
      now: START_MS,
      toFake: ['Date', 'performance', 'setTimeout', 'clearTimeout', 'setInterval', 'clearInterval'],
    });
    onTestFinished(() => void vi.useRealTimers());
    const folder = temporaryFolder();
    const sandbox = await startSandbox({ autoApprove: true, nowMs: () => Date.now(), ...options });
    onTestFinished(() => sandbox.close());
    const receiver = new TokenReceiver({ unixSocketPath: join(folder, 'token.sock') });
    await receiver.start();
    onTestFinished(() => receiver.stop());
    const rig = new MovedClockRig(folder, sandbox, receiver);
    sandbox.logIn();
    writeFileSync(rig.tokenFile, sandbox.tokenFileText(), { mode: 0o600 });
    await rig.startSender();
    onTestFinished(() => rig.stopSender());
    return rig;
  }

  get sender(): Sender {
    if (this.#sender === undefined) throw new Error('the sender is stopped');
    return this.#sender;
  }

  get state(): string {
    return this.sender.refresher.snapshot().state.kind;
  }

  get tokenFile(): string {
    return join(this.#folder, 'schwab_tokens.json');
  }

  /** What the hooks wrote: the event, the hours left, and what came on standard input. */
  hooksRun(): string[] {
    const file = join(this.#folder, 'hooks.log');
    return existsSync(file) ? readFileSync(file, 'utf8').trimEnd().split('\n') : [];
  }

  count(pattern: RegExp): number {
    return this.lines.filter((line) => pattern.test(line)).length;
  }

  async startSender(): Promise<void> {
    const command = [
      '/bin/sh',
      '-c',
      'echo "$TOKEN_RELAY_EVENT ${TOKEN_RELAY_HOURS_LEFT:--} $(cat)" >> "$0"',
      join(this.#folder, 'hooks.log'),
    ];
    const settings = await loadSenderSettings({
      env: { XDG_RUNTIME_DIR: this.#folder },
      cwd: this.#folder,
      uid: process.getuid?.() ?? 0,
      flags: {
        tokenUrl: this.sandbox.tokenUrl,
        authorizeUrl: this.sandbox.authorizeUrl,
        tokenFile: this.tokenFile,
        socketPath: join(this.#folder, 'token.sock'),
        hooks: JSON.stringify(Object.fromEntries(EVENTS.map((event) => [event, command]))),
      },
    });
    const hookHost = { environment: process.env, kill: process.kill.bind(process) };
    const log = recordingLog(this.lines);
    const around = realSurroundings({ tokenFile: this.tokenFile, encryption: undefined, hookHost, log });
    const options = {
      settings,
      appConfig: { ...this.sandbox.credentials, callbackUrl: this.sandbox.callbackUrl },
      certificates: new Map(),
      log,
      pid: process.pid,
      hideSecret: () => undefined,
      hookHost,
    };
    // The machine's own uptime knows nothing of the clock that the test moves.
    const sender = new Sender(options, { ...around, bootMs: () => performance.now() + this.#suspendedMs });
    this.#sender = sender;
    await sender.load();
    this.#stop = new AbortController();
    this.#running = sender.refresher.run(this.#stop.signal);
    await this.#atRest();
  }

  async stopSender(): Promise<void> {
    this.#stop.abort();
    await this.#running;
    await this.#sender?.close();
    this.#sender = undefined;
  }

  /** Lets time pass, timer after timer, and calls `look` after all that follows from each is done. */
  async pass(ms: number, look: () => void = () => undefined): Promise<void> {
    const end = new AbortController();
    setTimeout(() => end.abort(), ms);
    while (!end.signal.aborted) {
      vi.advanceTimersToNextTimer();
      await this.#atRest();
      look();
    }
  }

  /** The machine sleeps: the wall clock and the boot clock go on, and no timer does. */
  async suspend(ms: number): Promise<void> {
    vi.setSystemTime(Date.now() + ms);
    this.#suspendedMs += ms;
    await this.#atRest();
  }

  /** Logs in as `token-refresh-sender login` does, with the address pasted. */
  async logIn(): Promise<void> {
    const view = await this.sender.login.start({ listen: false });
    if (view.kind !== 'waiting') throw new Error(view.kind);
    const ended = new Promise<void>((resolve) => {
      this.sender.login.onChange(() => {
        if (this.sender.login.state().kind === 'done') resolve();
      });
    });
    this.sender.login.paste(await redirectAfterLogin(view.authorizeUrl));
    await ended;
    this.#loginsMade += 1;
    this.#remindersOfEarlierLogins = this.count(REMINDER);
    await this.#atRest();
  }

  /** Resolves when only time is waited for: no request, delivery, hook or save is under way. */
  async #atRest(): Promise<void> {
    await immediately();
    const refresher = this.sender.refresher;
    while (refresher.snapshot().nextRefreshAtMs === undefined) await immediately();
    await immediately();
    await this.sender.targets.settled();
    const hooksDue = this.count(REMINDER) + this.count(LOGIN_REQUIRED) + this.#loginsMade;
    if (this.count(/^\w+ Hook /) < hooksDue) {
      await expect.poll(() => this.count(/^\w+ Hook /)).toBe(hooksDue);
    }
    const reminders = this.count(REMINDER) - this.#remindersOfEarlierLogins;
    if (reminders > 0 && this.#remindersSaved() !== reminders) {
      await expect.poll(() => this.#remindersSaved()).toBe(reminders);
    }
  }

  #remindersSaved(): number {
    const file = reminderFile(this.tokenFile);
    if (!existsSync(file)) return 0;
    const { hours_given: given } = JSON.parse(readFileSync(file, 'utf8')) as { hours_given: number[] };
    return given.filter((hours) => hours > 0).length;
  }
}

function immediately(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}
