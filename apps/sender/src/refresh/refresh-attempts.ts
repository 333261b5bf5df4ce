/**
 * Attempts to refresh the login that is held: one asks Schwab, saves and publishes. What an answer means and what follows from
 * it is decided in token-answer.ts and login-state.ts; this file does it.
 */
import { fingerprint, knownLoginAtMs, type TokenError } from '@token-relay/tokens';
import { loginEndsAt } from '../login/login-lifetime.ts';
import { duration } from '../status/duration.ts';
import { failureLine, failureReport } from './failure-words.ts';
import type { LoginKeeper, LoginKeeperDependencies } from './login-keeper.ts';
import { afterOutcome, healthy } from './login-state.ts';
import { RefreshFailure, type FailedOutcome } from './refresh-function.ts';
import type { RefresherSnapshot, RefreshReport } from './refresh-report.ts';
import { MIN_ATTEMPT_GAP_MS } from './schedule.ts';

export class RefreshAttempts {
  readonly #login: LoginKeeper;
  readonly #deps: LoginKeeperDependencies;
  #lastRefresh: RefresherSnapshot['lastRefresh'];
  #refreshes = 0;

  constructor(login: LoginKeeper, dependencies: LoginKeeperDependencies) {
    this.#login = login;
    this.#deps = dependencies;
  }

  snapshot(): Pick<RefresherSnapshot, 'lastRefresh' | 'refreshes'> {
    return { lastRefresh: this.#lastRefresh, refreshes: this.#refreshes };
  }

  /**
   * One attempt: looks at the file first, because what another program has refreshed needs no refresh; then asks Schwab,
   * saves, and publishes. The caller sees to it that there is one at a time.
   * @param onAsk called before Schwab is asked; false: Schwab is not asked any more
   */
  async make(onAsk: () => boolean): Promise<RefreshReport | undefined> {
    const { manager, nowMs, gate } = this.#deps;
    const isAdopted = await this.#login.adopt();
    const refreshToken = manager.getRefreshToken();
    if (refreshToken === undefined) return this.#login.noLogin();
    if (isAdopted && this.#login.dueAtMs() > nowMs()) {
      return { kind: 'adopted', message: 'The token file has newer tokens; they were taken over.' };
    }
    if (gate !== undefined && !(await gate.pass())) {
      if (gate.isOpen()) this.#login.times.retryAt(nowMs() + MIN_ATTEMPT_GAP_MS);
      return { kind: 'following', message: gate.closedBecause() };
    }
    if (!onAsk()) return undefined;
    this.#login.times.began();
    try {
      const result = await manager.refreshNow();
      switch (result.status) {
        case 'refreshed':
          return this.#succeeded(undefined);
        case 'refreshed_not_saved':
          return this.#succeeded(result.error);
        case 'superseded':
          this.#login.tookOver('newer');
          return { kind: 'adopted', message: 'A newer login came into the token file meanwhile; it was taken over.' };
      }
    } catch (error) {
      if (!(error instanceof RefreshFailure)) throw error;
      return this.#failed(error.outcome, refreshToken);
    }
  }

  #noteAttempt(ok: boolean, message: string): void {
    const atMs = this.#deps.nowMs();
    this.#lastRefresh = { atMs, ok, message, durationMs: this.#login.times.takenMs() };
  }

  #succeeded(saveError: TokenError | undefined): RefreshReport {
    const { manager, log, advice, record } = this.#deps;
    const before = this.#login.state;
    const tokenSet = manager.get();
    const lifetimeMs = (tokenSet?.expiresAtMs ?? 0) - (tokenSet?.issuedAtMs ?? 0);
    this.#login.enter({ state: healthy });
    this.#refreshes += 1;
    if (before.kind !== 'healthy') log.info('Recovered: Schwab accepts the login again');
    const message = `Token refreshed successfully (expires in ${duration(lifetimeMs)})`;
    log.info(message, tokenSet?.accessToken === undefined ? {} : { token: fingerprint(tokenSet.accessToken) });
    this.#noteAttempt(true, 'succeeded');
    record('refreshed', saveError === undefined ? 'Access token refreshed and saved' : 'Access token refreshed');
    if (saveError === undefined) log.info(`Tokens saved to ${advice().tokenFile}`);
    else this.#login.saving.failed(saveError);
    this.#login.publish();
    this.#deps.gate?.held();
    return saveError === undefined
      ? { kind: 'refreshed', message }
      : { kind: 'not_saved', message: `${message}, but not saved: ${saveError.message}` };
  }

  async #failed(outcome: FailedOutcome, triedToken: string): Promise<RefreshReport> {
    const { manager, log, nowMs, bootMs, random, advice, record } = this.#deps;
    this.#noteAttempt(false, outcome.reason);
    record('refresh_failed', outcome.reason);
    const before = this.#login.state;
    const step = afterOutcome(before, outcome, { wallMs: nowMs(), bootMs: bootMs() }, random);
    const isOver = step.state.kind === 'login_required';
    if (outcome.kind === 'refused' && ((await this.#login.adopt(isOver)) || manager.getRefreshToken() !== triedToken)) {
      log.info('Schwab refused the old refresh token, and the token file has others: going on with those');
      return {
        kind: 'adopted',
        message: 'Schwab refused the old refresh token; others were found in the token file and taken over.',
      };
    }
    const loginAtMs = knownLoginAtMs(manager.get(), nowMs());
    const isWeekOver = loginAtMs !== undefined && nowMs() >= loginEndsAt(loginAtMs);
    const circumstances = { nowMs: nowMs(), advice: advice(), isWeekOver };
    this.#login.enter(step);
    const { level, message: line } = failureLine(before, step, outcome, circumstances);
    log[level](line);
    // What is still valid goes on being served.
    this.#login.publish();
    const message = failureReport(step.state, outcome, circumstances);
    if (step.state.kind === 'login_required' || step.state.kind === 'misconfigured')
      return { kind: step.state.kind, message };
    return { kind: outcome.kind === 'refused' ? 'refused' : 'passing', message };
  }
}
