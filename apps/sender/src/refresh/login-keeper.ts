/**
 * The login that is held: its state, when it is due, and what one attempt to refresh it does. What follows from what is
 * decided in schedule.ts, token-answer.ts and login-state.ts; this file does it. The loop around it is refresher.ts.
 */
import type { Log } from '@token-relay/daemon';
import type { TimelineEventKind } from '../web/timeline.ts';
import { fingerprint, TokenError, type TokenManager, type TokenSet } from '@token-relay/tokens';
import { duration } from '../status/duration.ts';
import { adviceFor, type AdviceContext } from './advice.ts';
import { failureLine } from './failure-words.ts';
import { afterOutcome, healthy, withoutLogin, type LoginState, type StateStep } from './login-state.ts';
import { RefreshFailure, type FailedOutcome } from './refresh-function.ts';
import type { RefresherSnapshot, RefreshReport } from './refresh-report.ts';
import { SaveRetry } from './save-retry.ts';
import { notBeforeGap, refreshDueAt } from './schedule.ts';

export interface LoginKeeperDependencies {
  readonly manager: TokenManager;
  readonly log: Log;
  readonly nowMs: () => number;
  readonly random: () => number;
  /** Hands a token set to the targets; returns at once. */
  readonly publish: (tokenSet: TokenSet) => void;
  readonly advice: AdviceContext;
  /** Whether the token file is written encrypted. */
  readonly isEncrypting: boolean;
  /** Notes what happened, for the timeline and the hooks. `text` is for people, without a token. */
  readonly record: (kind: TimelineEventKind, text: string) => void;
  readonly refreshIntervalMs: () => number;
}

/** A file that is there and whole, and must not be used as it is: a person has to change the configuration. */
const REFUSED_AT_START: ReadonlySet<TokenError['code']> = new Set([
  'token_file_too_open',
  'token_file_encrypted',
  'token_file_key_wrong',
  'format_unsuitable',
]);

export class LoginKeeper {
  readonly saving: SaveRetry;
  readonly #deps: LoginKeeperDependencies;
  #state: LoginState = healthy;
  #retryAtMs: number | undefined;
  #retryDelayMs = 0;
  #lastAttemptAtMs: number | undefined;
  #lastRefresh: RefresherSnapshot['lastRefresh'];
  #refreshes = 0;
  #published: TokenSet | undefined;
  #lastVerdict: Awaited<ReturnType<TokenManager['adoptIfNewer']>> = 'unchanged';

  constructor(dependencies: LoginKeeperDependencies) {
    const { manager, log, nowMs, random, advice, record } = dependencies;
    this.#deps = dependencies;
    this.saving = new SaveRetry({
      manager,
      log,
      nowMs,
      random,
      tokenFile: advice.tokenFile,
      record,
      adopt: () => this.adopt(),
    });
  }

  snapshot(): Omit<RefresherSnapshot, 'nextRefreshAtMs'> {
    const { manager } = this.#deps;
    return {
      state: this.#state,
      tokenSet: manager.get(),
      saved: manager.isSaved(),
      lastRefresh: this.#lastRefresh,
      refreshes: this.#refreshes,
    };
  }

  /** When the next attempt is due, in epoch milliseconds. */
  dueAtMs(): number {
    const { manager, nowMs, refreshIntervalMs } = this.#deps;
    const now = nowMs();
    // After the clock was set back, a wait is not longer than it was meant to be.
    if (this.#retryAtMs !== undefined) this.#retryAtMs = Math.min(this.#retryAtMs, now + this.#retryDelayMs);
    return this.notBeforeGap(this.#retryAtMs ?? refreshDueAt(manager.get() ?? {}, refreshIntervalMs(), now));
  }

  /** `wantedAtMs`, or later if the last attempt was less than a second ago. */
  notBeforeGap(wantedAtMs: number): number {
    return notBeforeGap(wantedAtMs, this.#lastAttemptAtMs, this.#deps.nowMs());
  }

  /** The manager holds the tokens of a new login. */
  loginAccepted(saveError: TokenError | undefined): void {
    this.#enter({ state: healthy });
    if (saveError !== undefined) this.saving.failed(saveError);
    this.#publish();
  }

  /** A state that waits for other credentials tries at once. */
  configurationChanged(): void {
    if (this.#state.kind === 'misconfigured') this.#retryAtMs = this.#deps.nowMs();
  }

  /** Reads the token file. A file that is missing or broken is a state, not an exit. @throws TokenError `token_file_too_open` */
  async load(): Promise<void> {
    const { manager, log, advice } = this.#deps;
    try {
      await manager.load();
    } catch (error) {
      if (!(error instanceof TokenError) || REFUSED_AT_START.has(error.code)) throw error;
    }
    await this.#convert();
    const tokenSet = manager.get();
    if (tokenSet?.refreshToken === undefined) this.#noLogin();
    else log.info(`Token file read: ${advice.tokenFile}`);
    this.#publishUnlessDue();
  }

  /** Writes the file again if its encryption was turned on or off. It reads it again too: nothing may be decided before. */
  async #convert(): Promise<void> {
    const { manager, log, advice, isEncrypting } = this.#deps;
    try {
      const form = isEncrypting ? 'encrypted' : 'plain';
      if (await manager.rewrite()) log.info(`The token file is ${form} from now on: ${advice.tokenFile}`);
    } catch (error) {
      if (!(error instanceof TokenError)) throw error;
      // What is wrong with a file that cannot be read is said as the state of the login.
      if (error.code === 'token_save_failed') log.warn(`${error.message}; the next refresh tries again`);
    }
  }

  /** Takes over what is newer on disk; true if there was something. */
  async adopt(): Promise<boolean> {
    const { manager, log, advice } = this.#deps;
    const verdict = await manager.adoptIfNewer();
    const isNews = verdict !== this.#lastVerdict;
    this.#lastVerdict = verdict;
    switch (verdict) {
      case 'adopted':
        this.#tookOver();
        return true;
      case 'older':
        // While ours is not saved, the file is older of course.
        if (isNews && manager.isSaved())
          log.warn(
            `${advice.tokenFile} has older tokens than the ones in use; keeping the newer ones, which the next refresh will save`,
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

  /**
   * One attempt: looks at the file first, because what another program has refreshed needs no refresh; then asks Schwab,
   * saves, and publishes. The caller sees to it that there is one at a time.
   * @param onAsk called before Schwab is asked; false: Schwab is not asked any more
   */
  async attempt(onAsk: () => boolean): Promise<RefreshReport | undefined> {
    const { manager, nowMs } = this.#deps;
    const isAdopted = await this.adopt();
    const refreshToken = manager.getRefreshToken();
    if (refreshToken === undefined) return this.#noLogin();
    if (isAdopted && this.dueAtMs() > nowMs()) {
      return { kind: 'adopted', message: 'The token file has newer tokens; they were taken over.' };
    }
    if (!onAsk()) return undefined;
    this.#lastAttemptAtMs = nowMs();
    try {
      const result = await manager.refreshNow();
      switch (result.status) {
        case 'refreshed':
          return this.#succeeded(undefined);
        case 'refreshed_not_saved':
          return this.#succeeded(result.error);
        case 'superseded':
          this.#tookOver();
          return { kind: 'adopted', message: 'A newer login came into the token file meanwhile; it was taken over.' };
      }
    } catch (error) {
      if (!(error instanceof RefreshFailure)) throw error;
      return this.#failed(error.outcome, refreshToken);
    }
  }

  #succeeded(saveError: TokenError | undefined): RefreshReport {
    const { manager, log, nowMs, advice, record } = this.#deps;
    const before = this.#state;
    const tokenSet = manager.get();
    const lifetimeMs = (tokenSet?.expiresAtMs ?? 0) - (tokenSet?.issuedAtMs ?? 0);
    this.#enter({ state: healthy });
    this.#refreshes += 1;
    if (before.kind !== 'healthy') log.info('Recovered: Schwab accepts the login again');
    const message = `Token refreshed successfully (expires in ${duration(lifetimeMs)})`;
    log.info(message, tokenSet?.accessToken === undefined ? {} : { token: fingerprint(tokenSet.accessToken) });
    this.#lastRefresh = { atMs: nowMs(), ok: true, message: 'succeeded' };
    record('refreshed', saveError === undefined ? 'Access token refreshed and saved' : 'Access token refreshed');
    if (saveError === undefined) log.info(`Tokens saved to ${advice.tokenFile}`);
    else this.saving.failed(saveError);
    this.#publish();
    return saveError === undefined
      ? { kind: 'refreshed', message }
      : { kind: 'not_saved', message: `${message}, but not saved: ${saveError.message}` };
  }

  async #failed(outcome: FailedOutcome, triedToken: string): Promise<RefreshReport> {
    const { manager, log, nowMs, random, advice, record } = this.#deps;
    this.#lastRefresh = { atMs: nowMs(), ok: false, message: outcome.reason };
    record('refresh_failed', outcome.reason);
    if (outcome.kind === 'refused' && ((await this.adopt()) || manager.getRefreshToken() !== triedToken)) {
      log.info('Schwab refused the old refresh token, and the token file has newer tokens: going on with those');
      return {
        kind: 'adopted',
        message: 'Schwab refused the old refresh token; newer tokens were found in the token file and taken over.',
      };
    }
    const before = this.#state;
    const step = afterOutcome(before, outcome, nowMs(), random);
    this.#enter(step);
    const { level, message: line } = failureLine(before, step, outcome, nowMs(), advice);
    log[level](line);
    // What is still valid goes on being served.
    this.#publish();
    const advised = adviceFor(step.state.kind, advice);
    const message = advised === undefined ? `${outcome.reason}.` : `${outcome.reason}. ${advised}`;
    if (step.state.kind === 'login_required' || step.state.kind === 'misconfigured')
      return { kind: step.state.kind, message };
    return { kind: outcome.kind === 'refused' ? 'refused' : 'passing', message };
  }

  /** Nothing to refresh with. */
  #noLogin(): RefreshReport {
    const { manager, log, nowMs, advice } = this.#deps;
    const unread = manager.getLastReadError()?.message;
    const reason =
      unread ??
      (manager.get() === undefined ? `${advice.tokenFile} does not exist` : `${advice.tokenFile} has no refresh token`);
    const step = withoutLogin(this.#state, reason, nowMs());
    // Why a file cannot be read comes with its own advice, and need not be the login's fault.
    const whatNow =
      unread === undefined
        ? (adviceFor('login_required', advice) ?? '')
        : 'A file that is put right is taken over at once, without a restart.';
    const text = `Login required: ${reason}. ${whatNow}`;
    if (step.state !== this.#state) log.error(text);
    this.#enter(step);
    return { kind: 'login_required', message: text };
  }

  #tookOver(): void {
    const { manager, log, advice, record } = this.#deps;
    record('adopted', `Newer tokens found in ${advice.tokenFile}`);
    log.info(`Newer tokens found in ${advice.tokenFile}: taken over`);
    this.#enter({ state: healthy });
    if (manager.getRefreshToken() === undefined) this.#noLogin();
    this.#publishUnlessDue();
  }

  /** What is due is refreshed first, and published if that fails. */
  #publishUnlessDue(): void {
    if (this.dueAtMs() > this.#deps.nowMs()) this.#publish();
  }

  #publish(): void {
    const tokenSet = this.#deps.manager.get();
    if (tokenSet?.accessToken === undefined || isSamePublication(tokenSet, this.#published)) return;
    if (tokenSet.expiresAtMs !== undefined && tokenSet.expiresAtMs <= this.#deps.nowMs()) return;
    this.#published = tokenSet;
    this.#deps.publish(tokenSet);
  }

  #enter({ state, retryAtMs }: StateStep): void {
    const needsPerson = state.kind === 'login_required' || state.kind === 'misconfigured';
    if (needsPerson && state.kind !== this.#state.kind) this.#deps.record(state.kind, state.reason);
    this.#state = state;
    this.#retryAtMs = retryAtMs;
    this.#retryDelayMs = retryAtMs === undefined ? 0 : retryAtMs - this.#deps.nowMs();
  }
}

function isSamePublication(one: TokenSet, other: TokenSet | undefined): boolean {
  return (
    one.accessToken === other?.accessToken &&
    one.refreshToken === other?.refreshToken &&
    one.expiresAtMs === other?.expiresAtMs
  );
}
