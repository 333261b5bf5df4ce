/**
 * The loop that keeps the login alive: waits until something is due, does it, and goes on. One refresh at a time, whoever
 * asks; what an attempt does is in refresh-attempts.ts.
 */
import { LOOK_EVERY_MS } from '@token-relay/daemon';
import type { TokenError, TokenSet } from '@token-relay/tokens';
import { LoginKeeper, type LoginKeeperDependencies } from './login-keeper.ts';
import { RefreshAttempts } from './refresh-attempts.ts';
import type { RefresherSnapshot, RefreshReport } from './refresh-report.ts';

export interface RefresherDependencies extends LoginKeeperDependencies {
  /**
   * Resolves after so much running time, whatever is done to the wall clock, or as soon as the signal aborts; after LOOK_EVERY_MS or less, if it is
   * asked for no less than that.
   */
  readonly pause: (ms: number, signal: AbortSignal) => Promise<unknown>;
  /** Called whenever something that `snapshot` shows has changed. */
  readonly onChange: () => void;
}

export class Refresher {
  readonly #deps: RefresherDependencies;
  readonly #keeper: LoginKeeper;
  readonly #refreshing: RefreshAttempts;
  readonly #stop = new AbortController();
  #attempt: Promise<RefreshReport> | undefined;
  readonly #attempts: Partial<Record<RefreshReport['kind'], number>> = {};
  #lookAtFile = false;
  #interrupt = new AbortController();

  constructor(dependencies: RefresherDependencies) {
    this.#deps = dependencies;
    this.#keeper = new LoginKeeper(dependencies);
    this.#refreshing = new RefreshAttempts(this.#keeper, dependencies);
  }

  snapshot(): RefresherSnapshot {
    const dueAtMs = this.#keeper.dueAtMs();
    const isKnown = this.#attempt === undefined && dueAtMs !== Infinity;
    const nextRefreshAtMs = isKnown ? dueAtMs : undefined;
    return { ...this.#keeper.snapshot(), ...this.#refreshing.snapshot(), nextRefreshAtMs };
  }

  /** Attempts since the start, by what they came to. */
  attempts(): Readonly<Partial<Record<RefreshReport['kind'], number>>> {
    return { ...this.#attempts };
  }

  /** Reads the token file. A file that is missing or broken is a state, not an exit. @throws TokenError `token_file_too_open` */
  load(): Promise<void> {
    return this.#keeper.load();
  }

  /** The manager holds the tokens of a new login: goes on with those. */
  loginAccepted(saveError: TokenError | undefined): void {
    this.#keeper.loginAccepted(saveError);
    this.#wakeUp();
  }

  /** Runs until the signal aborts, and then until an attempt under way has ended and is saved. */
  async run(signal: AbortSignal): Promise<void> {
    const stop = () => {
      this.#stop.abort();
      this.#wakeUp();
    };
    signal.addEventListener('abort', stop, { once: true });
    if (signal.aborted) stop();
    while (!this.#isStopping()) {
      await this.#turn();
      if (this.#isStopping()) break;
      this.#deps.onChange();
      // What woke it up until here has been looked at.
      if (this.#interrupt.signal.aborted) this.#interrupt = new AbortController();
      if (this.#lookAtFile) continue;
      const nextAtMs = Math.min(this.#keeper.dueAtMs(), this.#keeper.saving.dueAtMs());
      // In pieces of running time, so that suspend and a clock that is moved cost one piece at most.
      await this.#deps.pause(Math.min(nextAtMs - this.#deps.nowMs(), LOOK_EVERY_MS), this.#interrupt.signal);
    }
    await this.#attempt;
    await this.#keeper.saving.lastTry();
  }

  /** Refreshes now, for the command line. Joins an attempt under way. */
  refreshNow(): Promise<RefreshReport> {
    return this.#attempt ?? this.#startAttempt();
  }

  /** Something happened to the token file: looks at it at once. */
  tokenFileChanged(): void {
    this.#lookAtFile = true;
    this.#wakeUp();
  }

  /** Another host of the cluster has made these. */
  async take(tokenSet: TokenSet, insteadOf: TokenSet | undefined): Promise<boolean> {
    const isTaken = await this.#keeper.take(tokenSet, insteadOf);
    this.#wakeUp();
    return isTaken;
  }

  /** For how long a refresh has been due, in milliseconds; negative until it is. */
  overdueMs(): number {
    return this.#keeper.overdueMs();
  }

  /** Resolves when no attempt is under way. */
  async idle(): Promise<void> {
    await this.#attempt;
  }

  /** Whether this host may refresh has changed. */
  gateChanged(): void {
    this.#wakeUp();
  }

  /** The configuration was read again: a state that waits for that tries at once. */
  configurationChanged(): void {
    this.#keeper.configurationChanged();
    this.#wakeUp();
  }

  async #turn(): Promise<void> {
    if (this.#lookAtFile) {
      this.#lookAtFile = false;
      await this.#keeper.adopt();
    }
    await this.#keeper.saving.turn();
    if (this.#deps.nowMs() >= this.#keeper.dueAtMs()) await this.refreshNow();
  }

  /** One refresh at a time, whoever asks. */
  #startAttempt(): Promise<RefreshReport> {
    this.#attempt = this.#attemptOnce().finally(() => {
      this.#attempt = undefined;
      this.#wakeUp();
    });
    return this.#attempt;
  }

  async #attemptOnce(): Promise<RefreshReport> {
    if (this.#isStopping()) return STOPPING;
    const nowMs = this.#deps.nowMs();
    const gapMs = this.#keeper.times.notBeforeGap(nowMs) - nowMs;
    if (gapMs > 0) await this.#deps.pause(gapMs, this.#stop.signal);
    const report = await this.#refreshing.make(() => {
      if (this.#isStopping()) return false;
      this.#deps.onChange();
      return true;
    });
    const { kind } = report ?? STOPPING;
    this.#attempts[kind] = (this.#attempts[kind] ?? 0) + 1;
    return report ?? STOPPING;
  }

  #wakeUp(): void {
    this.#interrupt.abort();
  }

  #isStopping(): boolean {
    return this.#stop.signal.aborted;
  }
}

const STOPPING: RefreshReport = { kind: 'stopping', message: 'The sender is stopping.' };
