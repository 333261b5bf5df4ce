/** All that hands the token out, or tells of it, without being asked over HTTP. Add another one here. */
import {
  LOOK_EVERY_MS,
  onTick,
  openMetricsPort,
  StatsdReporter,
  type HookRunnerOptions,
  type Log,
  type MetricFamily,
  type MetricsPort,
  type Route,
  type ShownInstead,
} from '@token-relay/daemon';
import { SocketBindError } from '@token-relay/socket';
import { CredentialSocket, type CredentialReport } from './credential/credential-socket.ts';
import type { TokenHolder } from './holding/token-holder.ts';
import { ReceiverHooks, type HookCounts, type ReceiverHookEvent } from './hooks/receiver-hooks.ts';
import type { ReceiverSettings } from './settings.ts';
import type { SinkReport } from './sinks/sink.ts';
import { Sinks } from './sinks/sinks.ts';

export interface OutletsOptions {
  readonly settings: ReceiverSettings;
  /** the descriptor of the credential socket, if systemd has opened it */
  readonly credentialFd: number | undefined;
  readonly holder: TokenHolder;
  readonly log: Log;
  readonly hookHost: Pick<HookRunnerOptions<ReceiverHookEvent>, 'environment' | 'kill'>;
  readonly hideSecret: (secret: string, as: ShownInstead) => void;
  /** of which the metrics port serves some */
  readonly routes: readonly Route[];
  readonly metrics: () => readonly MetricFamily[];
  readonly remakeFolder: ((folder: string) => void) | undefined;
}

export interface OutletsReport {
  readonly sinks: readonly SinkReport[];
  readonly hooks: Readonly<Record<string, HookCounts>> | undefined;
  readonly credentials: CredentialReport | undefined;
}

export class Outlets {
  readonly #options: OutletsOptions;
  // Each is noted as soon as it is there, so that `close` ends it also if a later one cannot be opened.
  #sinks: Sinks | undefined;
  #hooks: ReceiverHooks | undefined;
  #credentials: CredentialSocket | undefined;
  #metricsPort: MetricsPort | undefined;
  #statsd: StatsdReporter | undefined;
  /** Ends the tries to open what could not be opened at the start. */
  readonly #closing = new AbortController();
  #trying: Promise<void> | undefined;

  constructor(options: OutletsOptions) {
    this.#options = options;
  }

  /** Call it when the token socket is our own: a second receiver must not write the first one's files. */
  async open(): Promise<void> {
    const { settings, log, holder: holding, hookHost: host, hideSecret, routes, metrics: families } = this.#options;
    const { metricsPort: port, statsd: address, hooks, sinks: configs } = settings;
    if (port !== undefined) this.#metricsPort = await openMetricsPort({ port, routes, log });
    await this.#openCredentialSocket();
    this.#sinks = new Sinks({ configs, holding, log });
    const words = () => holding.words();
    this.#hooks = new ReceiverHooks({ hooks, holding, words, log, host, hideSecret });
    if (address !== undefined) this.#statsd = new StatsdReporter({ address, families, log });
  }

  report(): OutletsReport {
    return {
      sinks: this.#sinks?.report() ?? [],
      hooks: this.#hooks?.report(),
      credentials: this.#credentials?.report(),
    };
  }

  async replace({ hooks, sinks }: ReceiverSettings): Promise<void> {
    this.#hooks?.replace(hooks);
    await this.#sinks?.replace(sinks);
  }

  async close(): Promise<void> {
    this.#closing.abort();
    await this.#trying;
    this.#statsd?.close();
    await Promise.all([
      this.#sinks?.close(),
      this.#hooks?.close(),
      this.#credentials?.stop(),
      this.#metricsPort?.close(),
    ]);
  }

  /** The place that nobody asked for may be taken or not be there: then units go without until it can be had, and the log says so. */
  async #openCredentialSocket(): Promise<void> {
    const { settings, credentialFd: fd, log, holder: holding, remakeFolder } = this.#options;
    const { credentialSocketPath: path, credentialWait: waitMs, credentialSocketIsDefault } = settings;
    const socket = new CredentialSocket({ path, fd, waitMs, holding, log, remakeFolder });
    try {
      await socket.start();
      this.#credentials = socket;
    } catch (error) {
      const wasAskedFor = fd !== undefined || !credentialSocketIsDefault;
      if (!(error instanceof SocketBindError) || wasAskedFor) throw error;
      log.warn(
        `No socket for LoadCredential=: ${error.message} It is tried again every ${LOOK_EVERY_MS / 1000} s; or name a place with credential_socket_path`,
      );
      this.#startLater(socket);
    }
  }

  #startLater(socket: CredentialSocket): void {
    const { log, settings } = this.#options;
    const done = new AbortController();
    const tryAgain = async (): Promise<void> => {
      try {
        await socket.start();
      } catch (error) {
        if (error instanceof SocketBindError) return;
        throw error;
      }
      done.abort();
      this.#credentials = socket;
      log.info(`Units can load their credential now: ${settings.credentialSocketPath}`);
    };
    const onceAtATime = (): void => {
      this.#trying ??= tryAgain().finally(() => {
        this.#trying = undefined;
      });
    };
    onTick(onceAtATime, AbortSignal.any([done.signal, this.#closing.signal]));
  }
}
