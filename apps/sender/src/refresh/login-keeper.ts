/**
 * The login that is held: its state, when it is due, and what one attempt to refresh it does. What follows from what is
 * decided in schedule.ts, token-answer.ts and login-state.ts; this file does it. The loop around it is refresher.ts.
 */
import type { Log } from '@token-relay/daemon';
import type { RefreshGate } from '../cluster/refresh-gate.ts';
import type { TimelineEventKind } from '../web/timeline.ts';
import { fingerprint, knownLoginAtMs, TokenError, type TokenManager, type TokenSet } from '@token-relay/tokens';
import { loginEndsAt } from '../login/login-lifetime.ts';
import { duration } from '../status/duration.ts';
import { adviceFor, type AdviceContext } from './advice.ts';
import { AttemptTimes } from './attempt-times.ts';
import { failureLine, failureReport } from './failure-words.ts';
import { FileAdoption, type Adoption } from './file-adoption.ts';
import { afterOutcome, healthy, withoutLogin, type LoginState, type StateStep } from './login-state.ts';
import { Publication } from './publication.ts';
import { RefreshFailure, type FailedOutcome } from './refresh-function.ts';
import type { RefresherSnapshot, RefreshReport } from './refresh-report.ts';
import { SaveRetry } from './save-retry.ts';
import { MIN_ATTEMPT_GAP_MS } from './schedule.ts';

export interface LoginKeeperDependencies {
  readonly manager: TokenManager;
  readonly log: Log;
  readonly nowMs: () => number;
  /** Time since the boot, which goes on during a suspend, and which nobody can set. */
  readonly bootMs: () => number;
  readonly random: () => number;
  /** Hands a token set to the targets; returns at once. */
  readonly publish: (tokenSet: TokenSet) => void;
  /** Asked each time, because a reload may change it. */
  readonly advice: () => AdviceContext;
  /** Whether the token file is written encrypted. */
  readonly isEncrypting: boolean;
  /** Notes what happened, for the timeline and the hooks. `text` is for people, without a token. */
  readonly record: (kind: TimelineEventKind, text: string) => void;
  readonly refreshIntervalMs: () => number;
  /** Absent: this host refreshes, always. */
  readonly gate?: RefreshGate | undefined;
}

export class LoginKeeper {
  readonly saving: SaveRetry;
  readonly #deps: LoginKeeperDependencies;
  readonly #file: FileAdoption;
  readonly #publication: Publication;
  readonly #times: AttemptTimes;
  #state: LoginState = healthy;
  #lastRefresh: RefresherSnapshot['lastRefresh'];
  #refreshes = 0;

  constructor(dependencies: LoginKeeperDependencies) {
    const { manager, log, nowMs, bootMs, random, advice, record, isEncrypting } = dependencies;
    const { tokenFile } = advice();
    this.#deps = dependencies;
    this.#times = new AttemptTimes(() => ({ wallMs: nowMs(), bootMs: bootMs() }));
    this.#file = new FileAdoption({ manager, log, nowMs, tokenFile, isEncrypting });
    this.#publication = new Publication(dependencies.publish);
    this.saving = new SaveRetry({ manager, log, nowMs, random, tokenFile, record, adopt: () => this.adopt() });
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
    const { manager, refreshIntervalMs, gate } = this.#deps;
    if (gate?.isOpen() === false) return Infinity;
    return this.#times.dueAtMs(manager.get() ?? {}, refreshIntervalMs());
  }

  /** For how long a refresh has been due, in milliseconds; negative until it is. */
  overdueMs(): number {
    const { manager, refreshIntervalMs, nowMs } = this.#deps;
    return nowMs() - this.#times.dueAtMs(manager.get() ?? {}, refreshIntervalMs());
  }

  /** `wantedAtMs`, or later if the last attempt was less than a second ago. */
  notBeforeGap(wantedAtMs: number): number {
    return this.#times.notBeforeGap(wantedAtMs);
  }

  /** The manager holds the tokens of a new login. */
  loginAccepted(saveError: TokenError | undefined): void {
    this.#enter({ state: healthy });
    if (saveError !== undefined) this.saving.failed(saveError);
    this.#publish();
    this.#deps.gate?.held();
  }

  /** A state that waits for other credentials tries at once. */
  configurationChanged(): void {
    if (this.#state.kind === 'misconfigured') this.#times.retryAt(this.#deps.nowMs());
  }

  /** Reads the token file. A file that is missing or broken is a state, not an exit. @throws TokenError `token_file_too_open` */
  async load(): Promise<void> {
    const { manager, log, advice } = this.#deps;
    await this.#file.load();
    if (this.#deps.gate !== undefined) {
      // What is valid is served from now on, whatever the others have.
      this.#publishUnlessDue();
      await this.#deps.gate.joined();
    }
    if (manager.getRefreshToken() === undefined) this.#noLogin();
    else log.info(`Token file read: ${advice().tokenFile}`);
    this.#publishUnlessDue();
  }

  /**
   * Takes over what is newer on disk; true if there was something. While a login is required, any other login in the file
   * is worth a try: whoever puts one there need not know how old it is.
   */
  async adopt(isOver: boolean = this.#state.kind === 'login_required'): Promise<boolean> {
    const adoption = await this.#file.look(isOver);
    if (adoption === 'nothing') return false;
    this.#tookOver(adoption);
    return true;
  }

  /**
   * Takes over what another host of the cluster has made: saved first, then published.
   * @param before what was held when it was chosen @returns false, with nothing changed, if that is held no more
   */
  async take(tokenSet: TokenSet, before: TokenSet | undefined): Promise<boolean> {
    const { manager, log, record } = this.#deps;
    try {
      if (!(await manager.take(tokenSet, before))) return false;
    } catch (error) {
      if (!(error instanceof TokenError)) throw error;
      if (error.code === 'newer_login_on_disk') {
        await this.adopt();
        return true;
      }
      this.saving.failed(error);
    }
    // Only its mark may be new.
    if (before?.accessToken === tokenSet.accessToken && before?.refreshToken === tokenSet.refreshToken) return true;
    const host = tokenSet.origin?.host ?? 'another host';
    record('adopted', `Tokens taken over from ${host}`);
    log.info(`Tokens taken over from ${host}, through the cluster's store`);
    this.#enter({ state: healthy });
    this.#publish();
    return true;
  }

  /**
   * One attempt: looks at the file first, because what another program has refreshed needs no refresh; then asks Schwab,
   * saves, and publishes. The caller sees to it that there is one at a time.
   * @param onAsk called before Schwab is asked; false: Schwab is not asked any more
   */
  async attempt(onAsk: () => boolean): Promise<RefreshReport | undefined> {
    const { manager, nowMs, gate } = this.#deps;
    const isAdopted = await this.adopt();
    const refreshToken = manager.getRefreshToken();
    if (refreshToken === undefined) return this.#noLogin();
    if (isAdopted && this.dueAtMs() > nowMs()) {
      return { kind: 'adopted', message: 'The token file has newer tokens; they were taken over.' };
    }
    if (gate !== undefined && !(await gate.pass())) {
      if (gate.isOpen()) this.#times.retryAt(nowMs() + MIN_ATTEMPT_GAP_MS);
      return { kind: 'following', message: gate.closedBecause() };
    }
    if (!onAsk()) return undefined;
    this.#times.began();
    try {
      const result = await manager.refreshNow();
      switch (result.status) {
        case 'refreshed':
          return this.#succeeded(undefined);
        case 'refreshed_not_saved':
          return this.#succeeded(result.error);
        case 'superseded':
          this.#tookOver('newer');
          return { kind: 'adopted', message: 'A newer login came into the token file meanwhile; it was taken over.' };
      }
    } catch (error) {
      if (!(error instanceof RefreshFailure)) throw error;
      return this.#failed(error.outcome, refreshToken);
    }
  }

  #noteAttempt(ok: boolean, message: string): void {
    const atMs = this.#deps.nowMs();
    this.#lastRefresh = { atMs, ok, message, durationMs: this.#times.takenMs() };
  }

  #succeeded(saveError: TokenError | undefined): RefreshReport {
    const { manager, log, advice, record } = this.#deps;
    const before = this.#state;
    const tokenSet = manager.get();
    const lifetimeMs = (tokenSet?.expiresAtMs ?? 0) - (tokenSet?.issuedAtMs ?? 0);
    this.#enter({ state: healthy });
    this.#refreshes += 1;
    if (before.kind !== 'healthy') log.info('Recovered: Schwab accepts the login again');
    const message = `Token refreshed successfully (expires in ${duration(lifetimeMs)})`;
    log.info(message, tokenSet?.accessToken === undefined ? {} : { token: fingerprint(tokenSet.accessToken) });
    this.#noteAttempt(true, 'succeeded');
    record('refreshed', saveError === undefined ? 'Access token refreshed and saved' : 'Access token refreshed');
    if (saveError === undefined) log.info(`Tokens saved to ${advice().tokenFile}`);
    else this.saving.failed(saveError);
    this.#publish();
    this.#deps.gate?.held();
    return saveError === undefined
      ? { kind: 'refreshed', message }
      : { kind: 'not_saved', message: `${message}, but not saved: ${saveError.message}` };
  }

  async #failed(outcome: FailedOutcome, triedToken: string): Promise<RefreshReport> {
    const { manager, log, nowMs, bootMs, random, advice, record } = this.#deps;
    this.#noteAttempt(false, outcome.reason);
    record('refresh_failed', outcome.reason);
    const before = this.#state;
    const step = afterOutcome(before, outcome, { wallMs: nowMs(), bootMs: bootMs() }, random);
    const isOver = step.state.kind === 'login_required';
    if (outcome.kind === 'refused' && ((await this.adopt(isOver)) || manager.getRefreshToken() !== triedToken)) {
      log.info('Schwab refused the old refresh token, and the token file has others: going on with those');
      return {
        kind: 'adopted',
        message: 'Schwab refused the old refresh token; others were found in the token file and taken over.',
      };
    }
    const loginAtMs = knownLoginAtMs(manager.get(), nowMs());
    const isWeekOver = loginAtMs !== undefined && nowMs() >= loginEndsAt(loginAtMs);
    const circumstances = { nowMs: nowMs(), advice: advice(), isWeekOver };
    this.#enter(step);
    const { level, message: line } = failureLine(before, step, outcome, circumstances);
    log[level](line);
    // What is still valid goes on being served.
    this.#publish();
    const message = failureReport(step.state, outcome, circumstances);
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
      (manager.get() === undefined
        ? `${advice().tokenFile} does not exist`
        : `${advice().tokenFile} has no refresh token`);
    const step = withoutLogin(this.#state, reason, nowMs());
    // Why a file cannot be read comes with its own advice, and need not be the login's fault.
    const whatNow =
      unread === undefined
        ? (adviceFor('login_required', advice()) ?? '')
        : 'A file that is put right is taken over at once, without a restart.';
    const text = `Login required: ${reason}. ${whatNow}`;
    if (step.state !== this.#state) log.error(text);
    this.#enter(step);
    return { kind: 'login_required', message: text };
  }

  #tookOver(adoption: Exclude<Adoption, 'nothing'>): void {
    const { manager, log, advice, record } = this.#deps;
    const found = `${adoption === 'newer' ? 'Newer tokens' : 'Other tokens'} found in ${advice().tokenFile}`;
    record('adopted', found);
    log.info(`${found}: taken over${adoption === 'newer' ? '' : ', because the login in use is over'}`);
    this.#enter({ state: healthy });
    if (manager.getRefreshToken() === undefined) this.#noLogin();
    this.#publishUnlessDue();
    this.#deps.gate?.held();
  }

  /** What is due is refreshed first, and published if that fails. */
  #publishUnlessDue(): void {
    if (this.dueAtMs() > this.#deps.nowMs()) this.#publish();
  }

  #publish(): void {
    this.#publication.offer(this.#deps.manager.get(), this.#deps.nowMs());
  }

  #enter({ state, retryAtMs }: StateStep): void {
    const needsPerson = state.kind === 'login_required' || state.kind === 'misconfigured';
    if (needsPerson && state.kind !== this.#state.kind) this.#deps.record(state.kind, state.reason);
    this.#state = state;
    this.#times.retryAt(retryAtMs);
  }
}
