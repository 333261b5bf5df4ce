/** The refresher on a virtual clock, with a Schwab and a token file that do as the test says. */
import { TokenError, TokenManager, type TokenSet, type TokenStore } from '@token-relay/tokens';
import { onTestFinished } from 'vitest';
import type { RefreshGate } from '../src/cluster/refresh-gate.ts';
import { refreshFunction } from '../src/refresh/refresh-function.ts';
import { Refresher } from '../src/refresh/refresher.ts';
import type { RefreshOutcome } from '../src/refresh/token-answer.ts';
import { recordingLog } from './recording-log.ts';
import { VirtualClock } from './virtual-clock.ts';

export const SECOND = 1_000;
export const MINUTE = 60 * SECOND;
export const HOUR = 60 * MINUTE;

export const passing: RefreshOutcome = { kind: 'passing', reason: 'Schwab answered HTTP 503' };
export const refused: RefreshOutcome = { kind: 'refused', reason: 'Schwab refused the refresh token' };
export const wrongCredentials: RefreshOutcome = { kind: 'wrong_credentials', reason: 'Schwab knows no such app' };

export class RefresherRig {
  readonly clock: VirtualClock = new VirtualClock();
  /** when Schwab was asked, and with which refresh token */
  readonly asked: { readonly atMs: number; readonly refreshToken: string }[] = [];
  readonly published: { readonly atMs: number; readonly accessToken: string | undefined; readonly saved: boolean }[] =
    [];
  readonly lines: string[] = [];
  /** what was noted for the timeline and the hooks: its kinds */
  readonly recorded: string[] = [];
  readonly manager: TokenManager;
  readonly refresher: Refresher;
  changes = 0;
  intervalMs: number = 25 * MINUTE;

  /** what is in the token file */
  disk: TokenSet | undefined;
  diskProblem: TokenError | undefined;
  /** whether saves fail */
  diskFull = false;
  /** Schwab's answer; undefined: a new token for 30 minutes */
  answer: RefreshOutcome | (() => Promise<RefreshOutcome>) | undefined;

  readonly #stop = new AbortController();
  #running: Promise<void> = Promise.resolve();
  #failure: Error | undefined;

  /** @param gate default: a single machine */
  constructor(gate?: RefreshGate) {
    this.disk = this.tokenSet('first');
    this.manager = new TokenManager({
      store: this.#store(),
      nowMs: this.clock.nowMs,
      bootMs: this.clock.bootMs,
      refresh: refreshFunction((refreshToken) => this.#ask(refreshToken)),
    });
    this.refresher = new Refresher({
      gate,
      manager: this.manager,
      log: recordingLog(this.lines),
      nowMs: this.clock.nowMs,
      bootMs: this.clock.bootMs,
      random: () => 0.5,
      pause: this.clock.pause,
      publish: ({ accessToken }) =>
        this.published.push({
          atMs: this.clock.nowMs(),
          accessToken,
          saved: this.disk?.accessToken === accessToken,
        }),
      onChange: () => (this.changes += 1),
      advice: () => ({ tokenFile: 'tokens.json', appConfigFile: 'app.yaml' }),
      record: (kind) => this.recorded.push(kind),
      isEncrypting: false,
      refreshIntervalMs: () => this.intervalMs,
    });
  }

  /** Starts the daemon's loop; it is stopped when the test is over. */
  async start(): Promise<this> {
    await this.refresher.load();
    this.#running = this.refresher.run(this.#stop.signal).catch((error: unknown) => {
      this.#failure = error instanceof Error ? error : new Error(String(error));
    });
    onTestFinished(() => this.stop());
    await this.pass(0);
    return this;
  }

  async stop(): Promise<void> {
    this.#stop.abort();
    await this.#running;
    if (this.#failure !== undefined) throw this.#failure;
  }

  /** Asks the loop to stop, and does not wait. */
  askToStop(): Promise<void> {
    this.#stop.abort();
    return this.#running;
  }

  async pass(ms: number): Promise<void> {
    await this.clock.pass(ms);
    if (this.#failure !== undefined) throw this.#failure;
  }

  /** A login made now, or so long ago. */
  tokenSet(name: string, { agoMs = 0, lifetimeMs = 30 * MINUTE } = {}): TokenSet {
    const issuedAtMs = this.clock.nowMs() - agoMs;
    return {
      accessToken: `access-${name}`,
      refreshToken: `refresh-${name}`,
      issuedAtMs,
      expiresAtMs: issuedAtMs + lifetimeMs,
      loginAtMs: issuedAtMs,
    };
  }

  count(pattern: RegExp): number {
    return this.lines.filter((line) => pattern.test(line)).length;
  }

  get state(): string {
    return this.refresher.snapshot().state.kind;
  }

  async #ask(refreshToken: string): Promise<RefreshOutcome> {
    this.asked.push({ atMs: this.clock.nowMs(), refreshToken });
    const number = this.asked.length;
    if (typeof this.answer === 'function') return this.answer();
    return this.answer ?? granted(`access-${number}`);
  }

  #store(): TokenStore {
    return {
      path: 'tokens.json',
      read: ({ evenIfOpen = false } = {}) => {
        const problem = this.diskProblem;
        return problem === undefined || (evenIfOpen && problem.code === 'token_file_too_open')
          ? Promise.resolve(this.disk)
          : Promise.reject(problem);
      },
      write: (tokenSet) => {
        if (this.diskFull) return Promise.reject(new TokenError('token_save_failed', 'could not save: disk full'));
        this.disk = tokenSet;
        this.diskProblem = undefined;
        return Promise.resolve();
      },
      remove: () => Promise.resolve(),
    };
  }
}

export function granted(accessToken: string, expiresInSeconds = 1800): RefreshOutcome {
  return { kind: 'granted', tokens: { accessToken, expiresInSeconds } };
}
