/**
 * The login that is held: its state, when it is due, and what comes in place of it from the file, from a person or from
 * another host. How it is refreshed is in refresh-attempts.ts; the loop around both is refresher.ts.
 */
import type { Log } from '@token-relay/daemon';
import type { RefreshGate } from '../cluster/refresh-gate.ts';
import type { TimelineEventKind } from '../web/timeline.ts';
import { TokenError, type TokenManager, type TokenSet } from '@token-relay/tokens';
import { adviceFor, type AdviceContext } from './advice.ts';
import { AttemptTimes } from './attempt-times.ts';
import { FileAdoption, type Adoption } from './file-adoption.ts';
import { healthy, withoutLogin, withoutToken, type LoginState, type StateStep } from './login-state.ts';
import { Publication } from './publication.ts';
import type { RefresherSnapshot, RefreshReport } from './refresh-report.ts';
import { SaveRetry } from './save-retry.ts';

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
  readonly times: AttemptTimes;
  readonly #deps: LoginKeeperDependencies;
  readonly #file: FileAdoption;
  readonly #publication: Publication;
  #state: LoginState = healthy;

  constructor(dependencies: LoginKeeperDependencies) {
    const { manager, log, nowMs, bootMs, random, advice, record, isEncrypting } = dependencies;
    const { tokenFile } = advice();
    this.#deps = dependencies;
    this.times = new AttemptTimes(() => ({ wallMs: nowMs(), bootMs: bootMs() }));
    this.#file = new FileAdoption({ manager, log, nowMs, tokenFile, isEncrypting });
    this.#publication = new Publication(dependencies.publish);
    this.saving = new SaveRetry({ manager, log, nowMs, random, tokenFile, record, adopt: () => this.adopt() });
  }

  get state(): LoginState {
    return this.#state;
  }

  snapshot(): Pick<RefresherSnapshot, 'state' | 'tokenSet' | 'saved'> {
    const { manager } = this.#deps;
    return { state: this.#state, tokenSet: manager.get(), saved: manager.isSaved() };
  }

  /** When the next attempt is due, in epoch milliseconds. */
  dueAtMs(): number {
    const { manager, refreshIntervalMs, gate } = this.#deps;
    if (gate?.isOpen() === false) return Infinity;
    return this.times.dueAtMs(manager.get() ?? {}, refreshIntervalMs());
  }

  /** For how long a refresh has been due, in milliseconds; negative until it is. */
  overdueMs(): number {
    const { manager, refreshIntervalMs, nowMs } = this.#deps;
    return nowMs() - this.times.dueAtMs(manager.get() ?? {}, refreshIntervalMs());
  }

  /** The manager holds the tokens of a new login. */
  loginAccepted(saveError: TokenError | undefined): void {
    this.enter({ state: healthy });
    if (saveError !== undefined) this.saving.failed(saveError);
    this.publish();
    this.#deps.gate?.held();
  }

  /** A state that waits for other credentials tries at once. */
  configurationChanged(): void {
    if (this.#state.kind === 'misconfigured') this.times.retryAt(this.#deps.nowMs());
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
    if (manager.getRefreshToken() === undefined) this.noLogin();
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
    this.tookOver(adoption);
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
    const revision = tokenSet.origin === undefined ? '' : `, revision ${tokenSet.origin.revision}`;
    log.info(`Tokens taken over from ${host}, through the cluster's store${revision}`);
    this.enter({ state: healthy });
    this.publish();
    return true;
  }

  /**
   * Nothing to refresh with: a state that a person has to end. Where another host refreshes, it is the cluster that ends it:
   * whoever is told to log in there ends the login that the others have.
   */
  noLogin(): RefreshReport {
    const { manager, log, nowMs, advice, gate } = this.#deps;
    const unread = manager.getLastReadError()?.message;
    const reason =
      unread ??
      (manager.get() === undefined
        ? `${advice().tokenFile} does not exist`
        : `${advice().tokenFile} has no refresh token`);
    if (gate?.isOpen() === false) {
      // What is wrong with a file comes with advice to log in, and another host's tokens take its place.
      const lack = unread === undefined ? reason : `${advice().tokenFile} cannot be used`;
      const step = withoutToken(this.#state, lack, nowMs());
      const text = `No token yet: ${lack}; ${gate.awaits()}`;
      if (step.state !== this.#state) log.warn(`${text}. A login here would end the one that the others have`);
      this.enter(step);
      return { kind: 'following', message: `${text}.` };
    }
    const step = withoutLogin(this.#state, reason, nowMs());
    // Why a file cannot be read comes with its own advice, and need not be the login's fault.
    const whatNow =
      unread === undefined
        ? (adviceFor('login_required', advice()) ?? '')
        : 'A file that is put right is taken over at once, without a restart.';
    const text = `Login required: ${reason}. ${whatNow}`;
    if (step.state !== this.#state) log.error(text);
    this.enter(step);
    return { kind: 'login_required', message: text };
  }

  /** The manager holds what was found in the file. */
  tookOver(adoption: Exclude<Adoption, 'nothing'>): void {
    const { manager, log, advice, record } = this.#deps;
    const found = `${adoption === 'newer' ? 'Newer tokens' : 'Other tokens'} found in ${advice().tokenFile}`;
    record('adopted', found);
    log.info(`${found}: taken over${adoption === 'newer' ? '' : ', because the login in use is over'}`);
    this.enter({ state: healthy });
    if (manager.getRefreshToken() === undefined) this.noLogin();
    this.#publishUnlessDue();
    this.#deps.gate?.held();
  }

  /** Gives the targets what is held, if they do not have it and it is not over. */
  publish(): void {
    this.#publication.offer(this.#deps.manager.get(), this.#deps.nowMs());
  }

  /** Goes over to a state, and to when it wants the next attempt. */
  enter({ state, retryAtMs }: StateStep): void {
    const needsPerson = state.kind === 'login_required' || state.kind === 'misconfigured';
    if (needsPerson && state.kind !== this.#state.kind) this.#deps.record(state.kind, state.reason);
    this.#state = state;
    this.times.retryAt(retryAtMs);
  }

  /** What is due is refreshed first, and published if that fails. */
  #publishUnlessDue(): void {
    if (this.dueAtMs() > this.#deps.nowMs()) this.publish();
  }
}
