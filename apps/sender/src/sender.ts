/** The sender's parts, put together: the token store, the refresher, the targets. `run` and `refresh` both stand on this. */
import type { HookRunnerOptions, Log, ShownInstead } from '@token-relay/daemon';
import { fingerprint, TokenManager, type FileEncryption, type TokenSet } from '@token-relay/tokens';
import type { AppConfig } from './app-config.ts';
import type { ClusterPart } from './cluster/cluster-part.ts';
import { joinCluster, laterThanHeld, standAside } from './cluster/join-cluster.ts';
import { SharedLogin } from './cluster/shared-login.ts';
import type { Configuration } from './configuration.ts';
import type { TargetCertificates } from './delivery/target-tls.ts';
import { Targets } from './delivery/targets.ts';
import { acceptLogin } from './login/accept-login.ts';
import { certificateFileFor } from './login/callback-certificate.ts';
import type { LoginTokens } from './login/login-answer.ts';
import { LoginService } from './login/login-service.ts';
import { adviceFor, type AdviceContext } from './refresh/advice.ts';
import { exchangeRefreshToken } from './refresh/exchange.ts';
import { refreshFunction } from './refresh/refresh-function.ts';
import type { RefresherSnapshot } from './refresh/refresh-report.ts';
import { Refresher } from './refresh/refresher.ts';
import { SenderNews } from './sender-news.ts';
import type { SenderSettings } from './settings.ts';
import { SelfReport } from './status/self-report.ts';
import { realSurroundings, type HookEvent, type SenderSurroundings } from './surroundings.ts';
import type { TimelineEventKind } from './web/timeline.ts';

export interface SenderOptions extends Configuration {
  readonly log: Log;
  readonly pid: number;
  /** a net under all else: what is named here never appears in the log */
  readonly hideSecret: (secret: string, as: ShownInstead) => void;
  /** what hooks are run with */
  readonly hookHost: Pick<HookRunnerOptions<HookEvent>, 'environment' | 'kill'>;
  /** the key of the token file, where there is one */
  readonly encryption?: FileEncryption | undefined;
  /** Whether it joins the cluster that the settings name; a command that does a daemon's work does not. */
  readonly joinsCluster?: boolean;
  /** attempts in a row to deliver; default: the setting */
  readonly deliveryAttempts?: number;
}

export class Sender {
  readonly refresher: Refresher;
  readonly targets: Targets;
  readonly login: LoginService;
  readonly cluster: ClusterPart | undefined;
  readonly news: SenderNews;
  readonly report: SelfReport;
  /** absent on a single machine */
  readonly sharedLogin: SharedLogin | undefined;
  readonly #manager: TokenManager;
  readonly #options: SenderOptions;
  #settings: SenderSettings;
  #appConfig: AppConfig;
  #certificates: TargetCertificates;

  /** @param around default: the machine's own */
  constructor(options: SenderOptions, around?: SenderSurroundings) {
    const { log, hookHost, encryption } = options;
    const { tokenFile } = options.settings;
    const { nowMs, bootMs, random, pause, post, delivery, tokenStore, reminderStore, hookRunner } =
      around ?? realSurroundings({ tokenFile, encryption, hookHost, log });
    this.#options = options;
    const startedAtMs = nowMs();
    this.#settings = options.settings;
    this.#appConfig = options.appConfig;
    this.#certificates = options.certificates;
    options.hideSecret(options.appConfig.appSecret, '(app secret)');
    const { hooks } = options.settings;
    const advice = (): AdviceContext => ({
      tokenFile: this.#settings.tokenFile,
      appConfigFile: this.#settings.appConfig,
    });
    this.news = new SenderNews({ hooks, hookRunner, reminderStore, log, nowMs, advice });
    const record = (kind: TimelineEventKind, text: string) => this.news.record(kind, text);
    this.targets = new Targets(options.settings.targets, {
      policy: () => ({
        attempts: options.deliveryAttempts ?? this.#settings.socketRetries,
        retryDelayMs: this.#settings.socketRetryDelay,
      }),
      log,
      nowMs,
      record,
      tls: (target) => this.#certificates.get(target),
      ...delivery,
    });
    this.#manager = new TokenManager({
      store: tokenStore,
      nowMs,
      host: options.settings.cluster?.host,
      bootMs,
      refresh: refreshFunction((refreshToken) => {
        const { tokenUrl, httpTimeout: httpTimeoutMs } = this.#settings;
        const hide = (token: string) => this.#hide(token);
        const credentials = this.#appConfig;
        return exchangeRefreshToken({ tokenUrl, httpTimeoutMs, credentials, hide, post, nowMs }, refreshToken);
      }),
    });
    const { pid, joinsCluster = false } = options;
    this.cluster = joinsCluster
      ? joinCluster({
          ...options,
          around: { nowMs, bootMs, random },
          instance: `${pid}.${startedAtMs}`,
          manager: this.#manager,
          refresher: () => this.refresher,
          current: () => this.#settings,
          hide: (token) => this.#hide(token),
          onChange: () => {
            this.sharedLogin?.look();
            this.news.changed();
          },
        })
      : undefined;
    this.refresher = new Refresher({
      gate: this.cluster,
      manager: this.#manager,
      log,
      nowMs,
      bootMs,
      random,
      pause,
      publish: (tokenSet) => this.#publish(tokenSet),
      onChange: () => {
        this.sharedLogin?.look();
        this.news.lookAtWeek(this.#manager.get(), this.#loginAsShown().state.kind);
        if (this.cluster !== undefined) void standAside(this.cluster, this.refresher, nowMs, log);
        this.news.changed();
      },
      record,
      isEncrypting: encryption?.write === true,
      advice,
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
      nowMs,
    });
    this.login.onChange(() => {
      const state = this.login.state();
      if (state.kind === 'failed') record('login_failed', state.message);
      else this.news.changed();
    });
    const { refresher, targets, cluster } = this;
    this.sharedLogin =
      cluster === undefined
        ? undefined
        : new SharedLogin({
            report: () => cluster.report(),
            knownHosts: () => cluster.knownHosts(),
            own: () => refresher.snapshot(),
            nowMs,
            onRequired: (reason) => {
              log.error(`Login required: ${reason}. ${adviceFor('login_required', advice()) ?? ''}`);
              record('login_required', reason);
            },
          });
    this.report = new SelfReport({
      ...{ pid, startedAtMs, nowMs, advice, refresher, targets, cluster },
      login: () => this.#loginAsShown(),
      onHostsSeen: () => this.sharedLogin?.look(),
    });
  }

  /** Reads the token file. @throws TokenError for a file that must not be used: too open, or encrypted with another key */
  async load(): Promise<void> {
    await this.refresher.load();
    this.news.startedWith(this.#manager.get()?.loginAtMs);
  }

  async close(): Promise<void> {
    await this.cluster?.close();
    await Promise.all([this.login.close(), this.targets.close(), this.news.close()]);
  }

  /** Takes over what may change while it runs; see settings-reload.ts. */
  async reconfigure({ settings, appConfig, certificates, clusterFiles }: Configuration): Promise<void> {
    this.#settings = { ...settings, tokenFile: this.#settings.tokenFile };
    this.#appConfig = appConfig;
    this.#certificates = certificates;
    this.#options.hideSecret(appConfig.appSecret, '(app secret)');
    this.news.replaceHooks(settings.hooks);
    await this.targets.replace(settings.targets);
    this.refresher.configurationChanged();
    // It waits for the store.
    if (clusterFiles !== undefined) await this.cluster?.filesChanged(clusterFiles);
  }

  /** See {@link acceptLogin}. */
  acceptLogin(tokens: LoginTokens, loginAtMs: number): Promise<string | undefined> {
    this.#hide(tokens.accessToken);
    this.#hide(tokens.refreshToken);
    this.news.loginIsMade();
    const context = {
      manager: this.#manager,
      refresher: this.refresher,
      log: this.#options.log,
      tokenFile: this.#settings.tokenFile,
      record: (kind: TimelineEventKind, text: string) => this.news.record(kind, text),
    };
    const held = this.cluster === undefined ? undefined : this.#manager.get();
    return acceptLogin(context, tokens, laterThanHeld(loginAtMs, held));
  }

  #loginAsShown(): RefresherSnapshot {
    return this.sharedLogin?.snapshot() ?? this.refresher.snapshot();
  }

  #hide(token: string): void {
    this.#options.hideSecret(token, () => `(token ${fingerprint(token)})`);
  }

  #publish(tokenSet: TokenSet): void {
    const { accessToken, refreshToken, expiresAtMs, loginAtMs } = tokenSet;
    this.news.sawLogin(loginAtMs);
    if (accessToken === undefined || expiresAtMs === undefined) return;
    this.#hide(accessToken);
    this.targets.publish({ accessToken, expiresAtMs, ...(refreshToken === undefined ? {} : { refreshToken }) });
  }
}
