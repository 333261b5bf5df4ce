/** Reads the configuration again while the daemon runs: on SIGHUP, and when the app configuration is put right. */
import { ConfigurationError, watchPath, type DaemonContext } from '@token-relay/daemon';
import type { Configuration } from '../configuration.ts';
import type { Sender } from '../sender.ts';
import { needingRestart } from '../settings-reload.ts';
import type { SenderSettings } from '../settings.ts';

export interface ReloadContext {
  /** The settings of the start, which hold until a restart for what cannot change before. */
  readonly running: SenderSettings;
  readonly sender: Sender;
  readonly daemon: Pick<DaemonContext, 'log' | 'setLogLevel'>;
  /** @throws ConfigurationError */
  readonly read: () => Promise<Configuration>;
  /** Ends the watch. */
  readonly signal: AbortSignal;
}

export class Reload {
  readonly #context: ReloadContext;
  #appConfigFile: string;
  #watch = new AbortController();
  #last: Promise<void> = Promise.resolve();

  constructor(context: ReloadContext) {
    this.#context = context;
    this.#appConfigFile = context.running.appConfig;
    this.#watchAppConfig();
  }

  /** Resolves when it is done; one reload after another. With a configuration that cannot be used, all stays as it was. */
  request(why: string): Promise<void> {
    const { log } = this.#context.daemon;
    this.#last = this.#last.then(async () => {
      try {
        await this.#reload(why);
      } catch (error) {
        if (!(error instanceof ConfigurationError)) throw error;
        log.error(`${error.message}; going on with the configuration as it was`);
      }
    });
    return this.#last;
  }

  async #reload(why: string): Promise<void> {
    const { running, sender, daemon, read } = this.#context;
    const configuration = await read();
    const { settings } = configuration;
    await sender.reconfigure(configuration);
    daemon.setLogLevel(settings.logLevel);
    for (const warning of settings.warnings) daemon.log.warn(warning);
    const waiting = needingRestart(running, settings);
    if (waiting.length > 0) daemon.log.warn(`Changed, but used only after a restart: ${waiting.join(', ')}`);
    daemon.log.info(`Configuration read again (${why})`);
    if (settings.appConfig === this.#appConfigFile) return;
    this.#appConfigFile = settings.appConfig;
    this.#watchAppConfig();
  }

  /** While Schwab does not know the app, a change of its file may be the correction. */
  #watchAppConfig(): void {
    const { sender, signal } = this.#context;
    const file = this.#appConfigFile;
    this.#watch.abort();
    this.#watch = new AbortController();
    const onChange = () => {
      if (sender.refresher.snapshot().state.kind === 'misconfigured') void this.request(`${file} changed`);
    };
    watchPath(file, onChange, { signal: AbortSignal.any([signal, this.#watch.signal]) });
  }
}
