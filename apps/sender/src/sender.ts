/** The sender's parts, put together: the token store, the refresher, the targets. `run` and `refresh` both stand on this. */
import {
  HookRunner,
  sleepUntil,
  watchPath,
  type HookRunnerOptions,
  type Log,
  type ShownInstead,
} from '@token-relay/daemon';
import { sendToken } from '@token-relay/socket';
import {
  fileStore,
  fingerprint,
  TokenError,
  TokenManager,
  type FileEncryption,
  type TokenSet,
} from '@token-relay/tokens';
import type { AppConfig } from './app-config.ts';
import { Targets } from './delivery/targets.ts';
import { certificateFileFor } from './login/callback-certificate.ts';
import { loginTokenSet, type LoginTokens } from './login/login-answer.ts';
import { LoginService } from './login/login-service.ts';
import { adviceFor, type AdviceContext } from './refresh/advice.ts';
import { refreshFunction } from './refresh/refresh-function.ts';
import { Refresher } from './refresh/refresher.ts';
import { judgeRefreshAnswer, type RefreshOutcome } from './refresh/token-answer.ts';
import { postForm } from './refresh/token-endpoint.ts';
import { refreshRequest } from './refresh/token-request.ts';
import type { SenderSettings } from './settings.ts';
import { buildReport } from './status/build-report.ts';
import type { StatusReport } from './status/status-report.ts';
import { version } from './version.ts';
import { Timeline, type TimelineEventKind } from './web/timeline.ts';
import { reminderStore } from './week/reminder-store.ts';
import { WeekKeeper } from './week/week-keeper.ts';

type HookEvent = 'login_due' | 'login_required' | 'login_done';

export interface SenderOptions {
  readonly settings: SenderSettings;
  readonly appConfig: AppConfig;
  readonly log: Log;
  readonly pid: number;
  /** a net under all else: what is named here never appears in the log */
  readonly hideSecret: (secret: string, as: ShownInstead) => void;
  /** what hooks are run with */
  readonly hookHost: Pick<HookRunnerOptions<HookEvent>, 'environment' | 'kill'>;
  /** the key of the token file, where there is one */
  readonly encryption?: FileEncryption | undefined;
  /** attempts in a row to deliver; default: the setting */
  readonly deliveryAttempts?: number;
}

export class Sender {
  readonly refresher: Refresher;
  readonly targets: Targets;
  readonly login: LoginService;
  readonly timeline: Timeline = new Timeline();
  readonly #week: WeekKeeper;
  readonly #manager: TokenManager;
  readonly #options: SenderOptions;
  readonly #startedAtMs = Date.now();
  #settings: SenderSettings;
  #appConfig: AppConfig;
  #hooks: HookRunner<HookEvent>;
  #knownLoginAtMs: number | undefined;
  #isLoaded = false;
  readonly #listeners = new Set<() => void>();

  constructor(options: SenderOptions) {
    const { log } = options;
    this.#options = options;
    this.#settings = options.settings;
    this.#appConfig = options.appConfig;
    options.hideSecret(options.appConfig.appSecret, '(app secret)');
    const record = (kind: TimelineEventKind, text: string) => this.#record(kind, text);
    this.#hooks = this.#hooksOf(options.settings);
    this.#week = new WeekKeeper({
      store: reminderStore(options.settings.tokenFile, log),
      log,
      fire: (event, details) => {
        record('login_due', details.stdin?.trim() ?? 'The login ends soon');
        this.#hooks.fire(event, details);
      },
    });
    this.targets = new Targets(options.settings.targets, {
      policy: {
        attempts: options.deliveryAttempts ?? options.settings.socketRetries,
        retryDelayMs: options.settings.socketRetryDelay,
      },
      log,
      nowMs: Date.now,
      record,
      send: sendToken,
      watch: (path, onChange, signal) => watchPath(path, (identity) => onChange(identity !== undefined), { signal }),
    });
    this.#manager = new TokenManager({
      store: fileStore(
        options.settings.tokenFile,
        options.encryption === undefined ? {} : { encryption: options.encryption },
      ),
      refresh: refreshFunction((refreshToken) => this.#exchange(refreshToken)),
    });
    this.refresher = new Refresher({
      manager: this.#manager,
      log,
      nowMs: Date.now,
      random: Math.random,
      pause: (ms, signal) => sleepUntil(runningMs() + ms, { signal, nowMs: runningMs }),
      publish: (tokenSet) => this.#publish(tokenSet),
      onChange: () => {
        this.#lookAtWeek();
        this.#tell();
      },
      record,
      isEncrypting: options.encryption?.write === true,
      advice: this.#advice(),
      refreshIntervalMs: () => this.#settings.refreshInterval,
    });
    this.login = new LoginService({
      configuration: () => ({
        app: this.#appConfig,
        authorizeUrl: this.#settings.authorizeUrl,
        tokenUrl: this.#settings.tokenUrl,
        httpTimeoutMs: this.#settings.httpTimeout,
        certificateFile: certificateFileFor(this.#settings.tokenFile),
      }),
      onLoggedIn: (tokens, loginAtMs) => this.acceptLogin(tokens, loginAtMs),
      log,
      nowMs: Date.now,
    });
    this.login.onChange(() => {
      const state = this.login.state();
      if (state.kind === 'failed') this.#record('login_failed', state.message);
      else this.#tell();
    });
  }

  /** Reads the token file. @throws TokenError for a file that must not be used: too open, or encrypted with another key */
  async load(): Promise<void> {
    await this.refresher.load();
    this.#knownLoginAtMs = this.#manager.get()?.loginAtMs;
    this.#isLoaded = true;
  }

  /**
   * The listener is called when something that the status shows has changed, and at least every 30 seconds while the loop
   * runs. Returns what ends that.
   */
  onChange(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => void this.#listeners.delete(listener);
  }

  /** Resolves when the hooks that were run have ended; each has its deadline. */
  hooksSettled(): Promise<void> {
    return this.#hooks.settled();
  }

  async close(): Promise<void> {
    await Promise.all([this.login.close(), this.targets.close(), this.#hooks.close()]);
  }

  status(): StatusReport {
    return buildReport({
      version,
      pid: this.#options.pid,
      startedAtMs: this.#startedAtMs,
      advice: this.#advice(),
      refresher: this.refresher.snapshot(),
      targets: this.targets.report(),
    });
  }

  /** Takes over what may change while it runs: credentials, interval, HTTP timeout, URLs, targets. */
  async reconfigure(settings: SenderSettings, appConfig: AppConfig): Promise<void> {
    this.#settings = { ...settings, tokenFile: this.#settings.tokenFile };
    this.#appConfig = appConfig;
    this.#options.hideSecret(appConfig.appSecret, '(app secret)');
    const hooksBefore = this.#hooks;
    this.#hooks = this.#hooksOf(this.#settings);
    void hooksBefore.close();
    await this.targets.replace(settings.targets);
    this.refresher.configurationChanged();
  }

  /**
   * Takes over the tokens of a new login: saved first, then published. The old ones stay until the new ones are saved, or
   * cannot be. Resolves to what went wrong all the same, in words.
   */
  async acceptLogin(tokens: LoginTokens, loginAtMs: number): Promise<string | undefined> {
    const { log } = this.#options;
    const { tokenFile } = this.#settings;
    this.#hide(tokens.accessToken);
    this.#hide(tokens.refreshToken);
    const tokenSet = loginTokenSet(tokens, loginAtMs);
    let problem: string | undefined;
    let saveError: TokenError | undefined;
    try {
      await this.#manager.set(tokenSet);
      log.info(`Tokens of the new login saved to ${tokenFile}`);
    } catch (error) {
      if (!(error instanceof TokenError)) throw error;
      if (error.code === 'newer_login_on_disk') {
        this.refresher.tokenFileChanged();
        return `A still newer login has come into ${tokenFile} meanwhile, and is used in place of this one`;
      }
      if (error.code !== 'token_save_failed') throw error;
      saveError = error;
      problem = `The login is made, but not saved: ${error.message}`;
    }
    this.#record('login', 'Logged in for 7 days');
    this.refresher.loginAccepted(saveError);
    return problem;
  }

  async #exchange(refreshToken: string): Promise<RefreshOutcome> {
    const { tokenUrl, httpTimeout } = this.#settings;
    this.#hide(refreshToken);
    const exchange = await postForm(refreshRequest(tokenUrl, this.#appConfig, refreshToken), httpTimeout);
    if (exchange.kind === 'fault') return { kind: 'passing', reason: exchange.reason };
    const outcome = judgeRefreshAnswer(exchange.answer, Date.now());
    if (outcome.kind === 'granted') {
      this.#hide(outcome.tokens.accessToken);
      if (outcome.tokens.refreshToken !== undefined) this.#hide(outcome.tokens.refreshToken);
    }
    return outcome;
  }

  #record(kind: TimelineEventKind, text: string): void {
    this.timeline.add({ atMs: Date.now(), kind, text });
    if (kind === 'login_required') {
      this.#hooks.fire(kind, { stdin: `Login required: ${text}. ${adviceFor(kind, this.#advice()) ?? ''}\n` });
    }
    this.#tell();
  }

  #advice(): AdviceContext {
    return { tokenFile: this.#settings.tokenFile, appConfigFile: this.#settings.appConfig };
  }

  #tell(): void {
    for (const listener of this.#listeners) listener();
  }

  #lookAtWeek(): void {
    const tokenSet = this.#manager.get();
    // After Schwab's last word, a reminder of the days left would mislead.
    const isOver = this.refresher.snapshot().state.kind === 'login_required';
    if (tokenSet?.refreshToken !== undefined && !isOver) void this.#week.look(tokenSet.loginAtMs, Date.now());
  }

  #hooksOf({ hooks }: SenderSettings): HookRunner<HookEvent> {
    return new HookRunner({ hooks, log: this.#options.log, ...this.#options.hookHost });
  }

  #hide(token: string): void {
    this.#options.hideSecret(token, () => `(token ${fingerprint(token)})`);
  }

  #publish(tokenSet: TokenSet): void {
    const { accessToken, refreshToken, expiresAtMs, loginAtMs } = tokenSet;
    // The login that the file has at the start is no news.
    if (this.#isLoaded && loginAtMs !== undefined && loginAtMs !== this.#knownLoginAtMs) {
      this.#knownLoginAtMs = loginAtMs;
      this.#hooks.fire('login_done', { stdin: 'There is a new login to Schwab, good for 7 days.\n' });
    }
    if (accessToken === undefined || expiresAtMs === undefined) return;
    this.#hide(accessToken);
    this.targets.publish({ accessToken, expiresAtMs, ...(refreshToken === undefined ? {} : { refreshToken }) });
  }
}

/** Time that nobody can set. */
function runningMs(): number {
  return performance.now();
}
