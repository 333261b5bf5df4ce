/** The sender's parts, put together: the token store, the refresher, the targets. `run` and `refresh` both stand on this. */
import type { HookRunnerOptions, Log, MetricFamily, ShownInstead } from '@token-relay/daemon';
import { fingerprint, isLoginInFuture, TokenManager, type FileEncryption, type TokenSet } from '@token-relay/tokens';
import type { AppConfig } from './app-config.ts';
import type { ClusterPart } from './cluster/cluster-part.ts';
import { joinCluster, laterThanHeld, standAside } from './cluster/join-cluster.ts';
import type { Configuration } from './configuration.ts';
import type { ControlledCluster } from './control/control-cluster.ts';
import type { TargetCertificates } from './delivery/target-tls.ts';
import { Targets } from './delivery/targets.ts';
import { acceptLogin } from './login/accept-login.ts';
import { certificateFileFor } from './login/callback-certificate.ts';
import type { LoginTokens } from './login/login-answer.ts';
import { LoginService } from './login/login-service.ts';
import { adviceFor, type AdviceContext } from './refresh/advice.ts';
import { exchangeRefreshToken } from './refresh/exchange.ts';
import { metricsSnapshot } from './metrics/metrics-snapshot.ts';
import { senderMetrics } from './metrics/sender-metrics.ts';
import { refreshFunction } from './refresh/refresh-function.ts';
import { Refresher } from './refresh/refresher.ts';
import { ReplaceableHooks } from './replaceable-hooks.ts';
import type { SenderSettings } from './settings.ts';
import { buildReport } from './status/build-report.ts';
import { clusterStatus, type ClusterStatus } from './status/cluster-status.ts';
import type { StatusReport } from './status/status-report.ts';
import { realSurroundings, type HookEvent, type SenderSurroundings } from './surroundings.ts';
import { version } from './version.ts';
import { Timeline, type TimelineEventKind } from './web/timeline.ts';
import { WeekKeeper } from './week/week-keeper.ts';

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
  readonly timeline: Timeline = new Timeline();
  readonly #week: WeekKeeper;
  readonly #manager: TokenManager;
  readonly #hooks: ReplaceableHooks<HookEvent>;
  readonly #options: SenderOptions;
  readonly #nowMs: () => number;
  readonly #startedAtMs: number;
  #settings: SenderSettings;
  #appConfig: AppConfig;
  #certificates: TargetCertificates;
  #knownLoginAtMs: number | undefined;
  #isLoaded = false;
  readonly #listeners = new Set<() => void>();

  /** @param around default: the machine's own */
  constructor(options: SenderOptions, around?: SenderSurroundings) {
    const { log, hookHost, encryption } = options;
    const { tokenFile } = options.settings;
    const { nowMs, bootMs, random, pause, post, delivery, tokenStore, reminderStore, hookRunner } =
      around ?? realSurroundings({ tokenFile, encryption, hookHost, log });
    this.#options = options;
    this.#nowMs = nowMs;
    this.#startedAtMs = nowMs();
    this.#settings = options.settings;
    this.#appConfig = options.appConfig;
    this.#certificates = options.certificates;
    options.hideSecret(options.appConfig.appSecret, '(app secret)');
    const record = (kind: TimelineEventKind, text: string) => this.#record(kind, text);
    this.#hooks = new ReplaceableHooks(options.settings.hooks, hookRunner);
    this.#week = new WeekKeeper({
      store: reminderStore,
      log,
      fire: (event, details) => {
        record('login_due', details.stdin?.trim() ?? 'The login ends soon');
        this.#hooks.fire(event, details);
      },
    });
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
          instance: `${pid}.${this.#startedAtMs}`,
          manager: this.#manager,
          refresher: () => this.refresher,
          current: () => this.#settings,
          hide: (token) => this.#hide(token),
          onChange: () => this.#tell(),
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
        this.#lookAtWeek();
        if (this.cluster !== undefined) void standAside(this.cluster, this.refresher, nowMs, log);
        this.#tell();
      },
      record,
      isEncrypting: encryption?.write === true,
      advice: () => this.#advice(),
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
    await this.cluster?.close();
    await Promise.all([this.login.close(), this.targets.close(), this.#hooks.close(), this.#week.settled()]);
  }

  status(): StatusReport {
    return buildReport({
      version,
      pid: this.#options.pid,
      startedAtMs: this.#startedAtMs,
      nowMs: this.#nowMs(),
      advice: this.#advice(),
      refresher: this.refresher.snapshot(),
      targets: this.targets.report(),
      cluster: this.clusterStatus(),
    });
  }

  controlledCluster(): ControlledCluster | undefined {
    const { cluster } = this;
    if (cluster === undefined) return undefined;
    return {
      stepDown: async () => {
        await this.refresher.idle();
        return cluster.stepDown();
      },
      look: async () => {
        await cluster.hosts();
        return this.clusterStatus();
      },
    };
  }

  /** undefined on a single machine */
  clusterStatus(): ClusterStatus | undefined {
    const report = this.cluster?.report();
    return report === undefined ? undefined : clusterStatus(report, this.cluster?.knownHosts() ?? []);
  }

  /** For somebody who asks: the hosts of the cluster are looked for, and those that were found are in the next one. */
  statusAsked(): StatusReport {
    void this.cluster?.hosts();
    return this.status();
  }

  metrics(usage: { readonly residentBytes: number; readonly cpuSeconds: number }): readonly MetricFamily[] {
    void this.cluster?.hosts();
    return senderMetrics(
      metricsSnapshot({
        version,
        startedAtMs: this.#startedAtMs,
        nowMs: this.#nowMs(),
        usage,
        refresher: this.refresher.snapshot(),
        attempts: this.refresher.attempts(),
        targets: this.targets.report(),
        cluster: this.clusterStatus(),
      }),
    );
  }

  /** Takes over what may change while it runs; see settings-reload.ts. */
  async reconfigure({ settings, appConfig, certificates, clusterFiles }: Configuration): Promise<void> {
    this.#settings = { ...settings, tokenFile: this.#settings.tokenFile };
    this.#appConfig = appConfig;
    this.#certificates = certificates;
    this.#options.hideSecret(appConfig.appSecret, '(app secret)');
    this.#hooks.replace(settings.hooks);
    if (clusterFiles !== undefined) await this.cluster?.filesChanged(clusterFiles);
    await this.targets.replace(settings.targets);
    this.refresher.configurationChanged();
  }

  /** See {@link acceptLogin}. */
  acceptLogin(tokens: LoginTokens, loginAtMs: number): Promise<string | undefined> {
    this.#hide(tokens.accessToken);
    this.#hide(tokens.refreshToken);
    // It is a new one, also when it was made within the same second as the one before.
    this.#knownLoginAtMs = undefined;
    const context = {
      manager: this.#manager,
      refresher: this.refresher,
      log: this.#options.log,
      tokenFile: this.#settings.tokenFile,
      record: (kind: TimelineEventKind, text: string) => this.#record(kind, text),
    };
    const held = this.cluster === undefined ? undefined : this.#manager.get();
    return acceptLogin(context, tokens, laterThanHeld(loginAtMs, held));
  }

  #record(kind: TimelineEventKind, text: string): void {
    this.timeline.add({ atMs: this.#nowMs(), kind, text });
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
    // After Schwab's last word, a reminder of the days left would mislead; so would one that counts from a time to come.
    const isOver = this.refresher.snapshot().state.kind === 'login_required';
    if (tokenSet?.refreshToken === undefined || isOver || isLoginInFuture(tokenSet, this.#nowMs())) return;
    void this.#week.look(tokenSet.loginAtMs, this.#nowMs());
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
