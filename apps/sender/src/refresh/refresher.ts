/**
 * The loop that keeps the login alive: waits until a refresh is due, asks Schwab, saves, publishes, and goes on.
 * What follows from what is decided in schedule.ts, token-answer.ts and login-state.ts; this file does it.
 */
import type { Log } from '@token-relay/daemon';
import { nextBackoff } from '@token-relay/protocol';
import { fingerprint, TokenError, type RefreshedTokens, type TokenManager, type TokenSet } from '@token-relay/tokens';
import { duration } from '../status/duration.ts';
import { adviceFor, type AdviceContext } from './advice.ts';
import { afterOutcome, healthy, withoutLogin, type LoginState, type StateStep } from './login-state.ts';
import { MIN_ATTEMPT_GAP_MS, notBeforeGap, refreshDueAt } from './schedule.ts';
import type { RefreshOutcome } from './token-answer.ts';

/** A save that failed is tried again after a backoff between these. */
const SAVE_BACKOFF = { baseMs: 1_000, capMs: 60_000 };
/** The longest sleep without a look at the wall clock. */
const PIECE_MS = 30_000;

export interface RefresherDependencies {
  readonly manager: TokenManager;
  readonly log: Log;
  readonly nowMs: () => number;
  readonly random: () => number;
  /** Resolves at the wall-clock time, or as soon as the signal aborts. */
  readonly sleepUntil: (atMs: number, signal: AbortSignal) => Promise<unknown>;
  /** Hands a token set to the targets; returns at once. */
  readonly publish: (tokenSet: TokenSet) => void;
  /** Called whenever something that `snapshot` shows has changed. */
  readonly onChange: () => void;
  readonly advice: AdviceContext;
  readonly refreshIntervalMs: () => number;
}

/** What one attempt came to; `message` is for people. */
export interface RefreshReport {
  readonly kind:
    'refreshed' | 'not_saved' | 'adopted' | 'passing' | 'refused' | 'login_required' | 'misconfigured' | 'stopping';
  readonly message: string;
}

export interface RefresherSnapshot {
  readonly state: LoginState;
  readonly tokenSet: TokenSet | undefined;
  readonly saved: boolean;
  readonly lastRefresh: { readonly atMs: number; readonly ok: boolean; readonly message: string } | undefined;
  /** undefined while an attempt is under way */
  readonly nextRefreshAtMs: number | undefined;
  readonly refreshes: number;
}

/** Thrown into the manager by its refresh function, so that the outcome comes out again. */
export class RefreshFailure extends Error {
  readonly outcome: Exclude<RefreshOutcome, { kind: 'granted' }>;

  constructor(outcome: Exclude<RefreshOutcome, { kind: 'granted' }>) {
    super(outcome.reason);
    this.outcome = outcome;
  }
}

/** The manager's refresh function made of an exchange with Schwab. */
export function refreshFunction(
  exchange: (refreshToken: string) => Promise<RefreshOutcome>,
): (current: TokenSet) => Promise<RefreshedTokens> {
  return async ({ refreshToken }) => {
    if (refreshToken === undefined) throw new TokenError('login_required', 'there is no refresh token');
    const outcome = await exchange(refreshToken);
    if (outcome.kind !== 'granted') throw new RefreshFailure(outcome);
    return outcome.tokens;
  };
}

export class Refresher {
  readonly #deps: RefresherDependencies;
  #state: LoginState = healthy;
  #retryAtMs: number | undefined;
  #retryDelayMs = 0;
  #lastAttemptAtMs: number | undefined;
  #lastRefresh: RefresherSnapshot['lastRefresh'];
  #refreshes = 0;
  #saveFailures = 0;
  #saveAgainAtMs: number | undefined;
  #attempt: Promise<RefreshReport> | undefined;
  #published: TokenSet | undefined;
  #lastVerdict: Awaited<ReturnType<TokenManager['adoptIfNewer']>> = 'unchanged';
  #lookAtFile = false;
  #stopping = false;
  #interrupt = new AbortController();

  constructor(dependencies: RefresherDependencies) {
    this.#deps = dependencies;
  }

  snapshot(): RefresherSnapshot {
    return {
      state: this.#state,
      tokenSet: this.#deps.manager.get(),
      saved: this.#deps.manager.isSaved(),
      lastRefresh: this.#lastRefresh,
      nextRefreshAtMs: this.#attempt === undefined ? this.#dueAtMs() : undefined,
      refreshes: this.#refreshes,
    };
  }

  /** Reads the token file. A file that is missing or broken is a state, not an exit. @throws TokenError `token_file_too_open` */
  async load(): Promise<void> {
    const { manager, log, nowMs } = this.#deps;
    try {
      await manager.load();
    } catch (error) {
      if (!(error instanceof TokenError) || error.code === 'token_file_too_open') throw error;
    }
    const tokenSet = manager.get();
    if (tokenSet?.refreshToken === undefined) this.#noLogin();
    else if (tokenSet.loginAtMs === undefined) {
      log.warn(
        `The token file does not say when the login was made (no creation_timestamp), so nobody can say when it ends: ${this.#deps.advice.tokenFile}`,
      );
    } else {
      log.info(`Token file read: ${this.#deps.advice.tokenFile}`);
    }
    if (tokenSet !== undefined && this.#dueAtMs() > nowMs()) this.#publish();
  }

  /** Runs until the signal aborts, and then until an attempt under way has ended and is saved. */
  async run(signal: AbortSignal): Promise<void> {
    const stop = () => {
      this.#stopping = true;
      this.#wakeUp();
    };
    signal.addEventListener('abort', stop, { once: true });
    if (signal.aborted) stop();
    while (!this.#stopping) {
      await this.#turn();
      if (this.#isStopping()) break;
      this.#deps.onChange();
      this.#interrupt = new AbortController();
      if (this.#lookAtFile) continue;
      // In pieces, so that suspend and clock changes cost one piece at most.
      const pieceEndsAtMs = this.#deps.nowMs() + PIECE_MS;
      const wakeAtMs = Math.min(this.#dueAtMs(), this.#saveAgainAtMs ?? Infinity, pieceEndsAtMs);
      await this.#deps.sleepUntil(wakeAtMs, this.#interrupt.signal);
    }
    await this.#attempt;
    if (!this.#deps.manager.isSaved()) await this.#saveAgain();
  }

  /** Refreshes now, for the command line. Joins an attempt under way. */
  refreshNow(): Promise<RefreshReport> {
    if (this.#stopping) return Promise.resolve({ kind: 'stopping', message: 'The sender is stopping.' });
    return this.#startAttempt();
  }

  /** Something happened to the token file: looks at it at once. */
  tokenFileChanged(): void {
    this.#lookAtFile = true;
    this.#wakeUp();
  }

  /** The configuration was read again: a state that waits for that tries at once. */
  configurationChanged(): void {
    if (this.#state.kind === 'misconfigured') this.#retryAtMs = this.#deps.nowMs();
    this.#wakeUp();
  }

  async #turn(): Promise<void> {
    this.#mindTheClock();
    if (this.#lookAtFile) {
      this.#lookAtFile = false;
      await this.#adopt();
    }
    if (!this.#deps.manager.isSaved() && this.#deps.nowMs() >= (this.#saveAgainAtMs ?? 0)) await this.#saveAgain();
    if (!this.#stopping && this.#deps.nowMs() >= this.#dueAtMs()) await this.#startAttempt();
  }

  /** After the clock was set back, a wait is not longer than it was meant to be. */
  #mindTheClock(): void {
    const nowMs = this.#deps.nowMs();
    if (this.#retryAtMs !== undefined) this.#retryAtMs = Math.min(this.#retryAtMs, nowMs + this.#retryDelayMs);
    if (this.#saveAgainAtMs !== undefined)
      this.#saveAgainAtMs = Math.min(this.#saveAgainAtMs, nowMs + SAVE_BACKOFF.capMs);
  }

  #dueAtMs(): number {
    const tokenSet = this.#deps.manager.get();
    const nowMs = this.#deps.nowMs();
    const wanted = this.#retryAtMs ?? refreshDueAt(tokenSet ?? {}, this.#deps.refreshIntervalMs(), nowMs);
    return notBeforeGap(wanted, this.#lastAttemptAtMs, nowMs);
  }

  /** One refresh at a time, whoever asks. */
  #startAttempt(): Promise<RefreshReport> {
    this.#attempt ??= this.#attemptOnce().finally(() => {
      this.#attempt = undefined;
      this.#wakeUp();
    });
    return this.#attempt;
  }

  async #attemptOnce(): Promise<RefreshReport> {
    const { manager, nowMs, sleepUntil } = this.#deps;
    const earliestMs = notBeforeGap(nowMs(), this.#lastAttemptAtMs, nowMs());
    // Bounded, should the clock be set back in this very second.
    if (earliestMs > nowMs()) await sleepUntil(earliestMs, AbortSignal.timeout(2 * MIN_ATTEMPT_GAP_MS));
    // Another program may have refreshed or logged in: what is fresh needs no refresh.
    if ((await this.#adopt()) && this.#dueAtMs() > nowMs()) {
      return { kind: 'adopted', message: 'The token file has newer tokens; they were taken over.' };
    }
    if (manager.getRefreshToken() === undefined) return this.#noLogin();
    this.#lastAttemptAtMs = nowMs();
    this.#deps.onChange();
    try {
      const result = await manager.refreshNow();
      return this.#succeeded(result.status === 'refreshed_not_saved' ? result.error : undefined);
    } catch (error) {
      if (!(error instanceof RefreshFailure)) throw error;
      return this.#failed(error.outcome);
    }
  }

  #succeeded(saveError: TokenError | undefined): RefreshReport {
    const { manager, log, nowMs } = this.#deps;
    const before = this.#state;
    const tokenSet = manager.get();
    const lifetimeMs = (tokenSet?.expiresAtMs ?? 0) - (tokenSet?.issuedAtMs ?? 0);
    this.#enter({ state: healthy });
    this.#refreshes += 1;
    if (before.kind !== 'healthy') log.info('Recovered: Schwab accepts the login again');
    const message = `Token refreshed successfully (expires in ${duration(lifetimeMs)})`;
    log.info(message, tokenSet?.accessToken === undefined ? {} : { token: fingerprint(tokenSet.accessToken) });
    this.#lastRefresh = { atMs: nowMs(), ok: true, message: 'succeeded' };
    if (saveError === undefined) log.info(`Tokens saved to ${this.#deps.advice.tokenFile}`);
    else this.#saveFailed(saveError);
    this.#publish();
    return saveError === undefined
      ? { kind: 'refreshed', message }
      : { kind: 'not_saved', message: `${message}, but not saved: ${saveError.message}` };
  }

  async #failed(outcome: RefreshFailure['outcome']): Promise<RefreshReport> {
    const { log, nowMs, random } = this.#deps;
    this.#lastRefresh = { atMs: nowMs(), ok: false, message: outcome.reason };
    if (outcome.kind === 'refused' && (await this.#adopt())) {
      log.info('Schwab refused the old refresh token, and the token file has a newer login: going on with that one');
      return {
        kind: 'adopted',
        message: 'Schwab refused the old refresh token; a newer login was found in the token file and taken over.',
      };
    }
    const before = this.#state;
    const step = afterOutcome(before, outcome, nowMs(), random);
    this.#enter(step);
    this.#tell(before, step, outcome.reason);
    // What is still valid goes on being served.
    if (this.#published === undefined) this.#publish();
    const advice = adviceFor(step.state.kind, this.#deps.advice);
    const message = advice === undefined ? `${outcome.reason}.` : `${outcome.reason}. ${advice}`;
    if (step.state.kind === 'login_required' || step.state.kind === 'misconfigured')
      return { kind: step.state.kind, message };
    return { kind: outcome.kind === 'refused' ? 'refused' : 'passing', message };
  }

  /** One line for each failed attempt; ERROR once, when a person is needed. */
  #tell(before: LoginState, { state, retryAtMs }: StateStep, reason: string): void {
    const { log, nowMs, advice } = this.#deps;
    const again = retryAtMs === undefined ? '' : `; next try in ${duration(Math.max(1_000, retryAtMs - nowMs()))}`;
    switch (state.kind) {
      case 'login_required':
        if (before.kind !== 'login_required')
          log.error(`Login required: ${reason}. ${adviceFor(state.kind, advice) ?? ''}`);
        else log.debug(`Still no login: ${reason}${again}`);
        return;
      case 'misconfigured':
        if (before.kind !== 'misconfigured')
          log.error(`Wrong credentials: ${reason}. ${adviceFor(state.kind, advice) ?? ''}`);
        else log.debug(`Still wrong credentials: ${reason}${again}`);
        return;
      case 'confirming':
        log.warn(`Token refresh refused: ${reason}; one refusal is no proof${again}`);
        return;
      case 'retrying':
        log.warn(`Token refresh failed: ${reason}${again}`);
        return;
      case 'healthy':
        return;
    }
  }

  /** Nothing to refresh with. */
  #noLogin(): RefreshReport {
    const { manager, log, nowMs, advice } = this.#deps;
    const reason =
      manager.getLastReadError()?.message ??
      (manager.get() === undefined ? `${advice.tokenFile} does not exist` : `${advice.tokenFile} has no refresh token`);
    const step = withoutLogin(this.#state, reason, nowMs());
    const text = `Login required: ${reason}. ${adviceFor('login_required', advice) ?? ''}`;
    if (step.state !== this.#state) log.error(text);
    this.#enter(step);
    return { kind: 'login_required', message: text };
  }

  /** Takes over what is newer on disk. */
  async #adopt(): Promise<boolean> {
    const { manager, log, advice, nowMs } = this.#deps;
    const verdict = await manager.adoptIfNewer();
    const isNews = verdict !== this.#lastVerdict;
    this.#lastVerdict = verdict;
    switch (verdict) {
      case 'adopted':
        log.info(`Newer tokens found in ${advice.tokenFile}: taken over`);
        this.#enter({ state: healthy });
        if (manager.getRefreshToken() === undefined) this.#noLogin();
        if (this.#dueAtMs() > nowMs()) this.#publish();
        return true;
      case 'older':
        if (isNews)
          log.warn(
            `${advice.tokenFile} has an older login than the one in use; keeping the newer one, which the next refresh will save`,
          );
        return false;
      case 'invalid':
        if (isNews && manager.get() !== undefined)
          log.warn(
            `${manager.getLastReadError()?.message ?? `${advice.tokenFile} cannot be read`}; going on with the tokens in memory`,
          );
        return false;
      case 'unchanged':
        return false;
    }
  }

  async #saveAgain(): Promise<void> {
    try {
      await this.#deps.manager.saveAgain();
    } catch (error) {
      if (!(error instanceof TokenError)) throw error;
      if (error.code === 'newer_login_on_disk') {
        this.#lookAtFile = true;
        return;
      }
      this.#saveFailed(error);
      return;
    }
    this.#saveFailures = 0;
    this.#saveAgainAtMs = undefined;
    this.#deps.log.info(`Tokens saved to ${this.#deps.advice.tokenFile} after all`);
  }

  #saveFailed(error: TokenError): void {
    const { log, nowMs, random } = this.#deps;
    const [delayMs, failures] = nextBackoff(this.#saveFailures, SAVE_BACKOFF, random);
    this.#saveFailures = failures;
    this.#saveAgainAtMs = nowMs() + Math.max(1_000, delayMs);
    const text = `${error.message}. The new tokens are in memory only: do not stop the sender; trying again`;
    if (failures === 1) log.error(text);
    else log.debug(text);
  }

  #publish(): void {
    const tokenSet = this.#deps.manager.get();
    if (tokenSet?.accessToken === undefined || tokenSet === this.#published) return;
    if (tokenSet.expiresAtMs !== undefined && tokenSet.expiresAtMs <= this.#deps.nowMs()) return;
    this.#published = tokenSet;
    this.#deps.publish(tokenSet);
  }

  #enter({ state, retryAtMs }: StateStep): void {
    this.#state = state;
    this.#retryAtMs = retryAtMs;
    this.#retryDelayMs = retryAtMs === undefined ? 0 : retryAtMs - this.#deps.nowMs();
  }

  #wakeUp(): void {
    this.#interrupt.abort();
  }

  #isStopping(): boolean {
    return this.#stopping;
  }
}
