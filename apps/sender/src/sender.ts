/** The sender's parts, put together: the token store, the refresher, the targets. `run` and `refresh` both stand on this. */
import { sleepUntil, watchPath, type Log } from '@token-relay/daemon';
import { sendToken } from '@token-relay/socket';
import { fileStore, fingerprint, TokenManager, type TokenSet } from '@token-relay/tokens';
import type { AppConfig } from './app-config.ts';
import { Targets } from './delivery/targets.ts';
import { refreshFunction } from './refresh/refresh-function.ts';
import { Refresher } from './refresh/refresher.ts';
import { judgeRefreshAnswer, type RefreshOutcome } from './refresh/token-answer.ts';
import { postForm } from './refresh/token-endpoint.ts';
import { refreshRequest } from './refresh/token-request.ts';
import type { SenderSettings } from './settings.ts';
import { buildReport } from './status/build-report.ts';
import type { StatusReport } from './status/status-report.ts';
import { version } from './version.ts';

export interface SenderOptions {
  readonly settings: SenderSettings;
  readonly appConfig: AppConfig;
  readonly log: Log;
  readonly pid: number;
  /** a net under all else: what is named here never appears in the log */
  readonly hideSecret: (secret: string, as: string) => void;
  /** attempts in a row to deliver; default: the setting */
  readonly deliveryAttempts?: number;
}

export class Sender {
  readonly refresher: Refresher;
  readonly targets: Targets;
  readonly #options: SenderOptions;
  readonly #startedAtMs = Date.now();
  #settings: SenderSettings;
  #appConfig: AppConfig;
  #onChange: () => void = () => undefined;

  constructor(options: SenderOptions) {
    const { log } = options;
    this.#options = options;
    this.#settings = options.settings;
    this.#appConfig = options.appConfig;
    options.hideSecret(options.appConfig.appSecret, '(app secret)');
    this.targets = new Targets(options.settings.targets, {
      policy: {
        attempts: options.deliveryAttempts ?? options.settings.socketRetries,
        retryDelayMs: options.settings.socketRetryDelay,
      },
      log,
      nowMs: Date.now,
      send: sendToken,
      watch: (path, onChange, signal) => watchPath(path, (identity) => onChange(identity !== undefined), { signal }),
    });
    this.refresher = new Refresher({
      manager: new TokenManager({
        store: fileStore(options.settings.tokenFile),
        refresh: refreshFunction((refreshToken) => this.#exchange(refreshToken)),
      }),
      log,
      nowMs: Date.now,
      random: Math.random,
      pause: (ms, signal) => sleepUntil(runningMs() + ms, { signal, nowMs: runningMs }),
      publish: (tokenSet) => this.#publish(tokenSet),
      onChange: () => this.#onChange(),
      advice: { tokenFile: options.settings.tokenFile, appConfigFile: options.settings.appConfig },
      refreshIntervalMs: () => this.#settings.refreshInterval,
    });
  }

  /** Called when something that the status shows has changed, and at least every 30 seconds while the loop runs. */
  onChange(listener: () => void): void {
    this.#onChange = listener;
  }

  status(): StatusReport {
    return buildReport({
      version,
      pid: this.#options.pid,
      startedAtMs: this.#startedAtMs,
      advice: { tokenFile: this.#settings.tokenFile, appConfigFile: this.#settings.appConfig },
      refresher: this.refresher.snapshot(),
      targets: this.targets.report(),
    });
  }

  /** Takes over what may change while it runs: credentials, interval, HTTP timeout, URLs, targets. */
  async reconfigure(settings: SenderSettings, appConfig: AppConfig): Promise<void> {
    this.#settings = { ...settings, tokenFile: this.#settings.tokenFile };
    this.#appConfig = appConfig;
    this.#options.hideSecret(appConfig.appSecret, '(app secret)');
    await this.targets.replace(settings.targets);
    this.refresher.configurationChanged();
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

  #hide(token: string): void {
    this.#options.hideSecret(token, `(token ${fingerprint(token)})`);
  }

  #publish(tokenSet: TokenSet): void {
    const { accessToken, refreshToken, expiresAtMs } = tokenSet;
    if (accessToken === undefined || expiresAtMs === undefined) return;
    this.#hide(accessToken);
    this.targets.publish({ accessToken, expiresAtMs, ...(refreshToken === undefined ? {} : { refreshToken }) });
  }
}

/** Time that nobody can set. */
function runningMs(): number {
  return performance.now();
}
