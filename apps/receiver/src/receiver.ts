/** The receiver's parts, put together: what takes tokens in, what holds them, and all that hands them out. */
import {
  LOOK_EVERY_MS,
  metricsRoute,
  type HookRunnerOptions,
  type Log,
  type ShownInstead,
  type Systemd,
} from '@token-relay/daemon';
import { formatAddress, type TlsMaterial, type TokenReceiver } from '@token-relay/socket';
import { announceStart } from './announce-start.ts';
import { openApiSocket, type ApiSocket } from './api/api-socket.ts';
import { createApi, type Api } from './api/api.ts';
import { groupId } from './group-id.ts';
import { readState } from './holding/read-state.ts';
import { StateFile } from './holding/state-file.ts';
import { TokenHolder } from './holding/token-holder.ts';
import type { ReceiverHookEvent } from './hooks/receiver-hooks.ts';
import type { InheritedSockets } from './inherited-sockets.ts';
import { IntakeLog } from './intake-log.ts';
import { receiverMetrics } from './metrics/receiver-metrics.ts';
import { metricsSnapshot } from './metrics/metrics-snapshot.ts';
import { Outlets } from './outlets.ts';
import { feedWatchdogWhileAccepting } from './self-check.ts';
import type { ReceiverSettings } from './settings.ts';
import { buildStatus } from './status/build-status.ts';
import type { ReceiverStatus } from './status/receiver-status.ts';
import { tokenReceiver } from './token-intake.ts';
import { version } from './version.ts';

/** Changes within this time are told of together. */
const CHANGE_DELAY_MS = 100;

export interface ReceiverOptions {
  readonly settings: ReceiverSettings;
  /** what systemd has opened for it already; the settings are then only their names */
  readonly inherited?: InheritedSockets;
  /** the certificates that the settings name */
  readonly tls?: TlsMaterial | undefined;
  readonly log: Log;
  readonly pid: number;
  readonly uid: number;
  /** what the process uses, for the metrics */
  readonly usage: () => { residentBytes: number; cpuSeconds: number };
  /** what hooks are run with */
  readonly hookHost: Pick<HookRunnerOptions<ReceiverHookEvent>, 'environment' | 'kill'>;
  /** a net under all else: what is named here never appears in the log */
  readonly hideSecret: (secret: string, as: ShownInstead) => void;
  /** makes the folder of a socket again that was removed, if it is this program's to make; default: it is waited for */
  readonly remakeFolder?: (folder: string) => void;
  /** called when something that the status shows has changed */
  readonly onChange: () => void;
}

export class Receiver {
  readonly #options: ReceiverOptions;
  readonly #tokens: TokenReceiver;
  readonly #holder: TokenHolder;
  readonly #stateFile: StateFile;
  readonly #api: Api;
  readonly #startedAtMs = Date.now();
  readonly #intake: IntakeLog;
  readonly #groupId: number | undefined;
  #telling: NodeJS.Timeout | undefined;
  #apiSocket: ApiSocket | undefined;
  readonly #outlets: Outlets;

  constructor(options: ReceiverOptions) {
    const { settings, inherited = {}, log, uid, tls, hideSecret, hookHost, remakeFolder } = options;
    this.#options = options;
    this.#groupId = settings.socketGroup === undefined ? undefined : groupId(settings.socketGroup);
    const restored = readState(settings.stateFile, { uid, log });
    this.#tokens = tokenReceiver(settings, {
      fd: inherited.token,
      groupId: this.#groupId,
      ...{ tls, remakeFolder, restored },
    });
    this.#holder = new TokenHolder({
      receiver: this.#tokens,
      log,
      staleAfterMs: settings.staleAfter,
      historySize: settings.historySize,
      restored,
    });
    this.#stateFile = new StateFile({
      path: settings.stateFile,
      isDefault: settings.stateFileIsDefault,
      log,
      text: (withToken) => this.#holder.stateText(withToken),
    });
    const { unixSocketPath } = settings;
    const onRejected = () => this.#changed();
    this.#intake = new IntakeLog(this.#tokens, { log, hideSecret, unixSocketPath, onRejected });
    // After the acknowledgement: nothing here delays the sender of the token.
    this.#holder.onToken(() => {
      this.#stateFile.changed();
      this.#changed();
    });
    this.#holder.onFreshness(() => this.#changed());
    this.#api = createApi(
      { holding: this.#holder, status: () => this.status(), nowMs: Date.now },
      { log, maxConnections: settings.maxReaders, extra: [metricsRoute(() => this.#metrics())] },
    );
    const { routes } = this.#api;
    const metrics = () => this.#metrics();
    const { credential: credentialFd } = inherited;
    const holder = this.#holder;
    this.#outlets = new Outlets({
      settings,
      credentialFd,
      holder,
      log,
      hookHost,
      hideSecret,
      routes,
      metrics,
      remakeFolder,
    });
  }

  /** Rejects with a SocketBindError that names the socket. */
  async start(): Promise<void> {
    const { settings, inherited, log } = this.#options;
    this.#apiSocket = await this.#openApi(inherited?.api);
    await this.#stateFile.prepare();
    const addresses = await this.#tokens.start();
    if (inherited?.token !== undefined) announceStart(settings.unixSocketPath, log, Date.now());
    for (const address of addresses) log.info(`Listening for tokens on ${formatAddress(address)}`);
    const fellBack = settings.preferUnixSocket && addresses.every(({ kind }) => kind !== 'unix');
    if (fellBack) {
      const reason = this.#tokens.getLastError()?.message ?? `${settings.unixSocketPath} cannot be made.`;
      log.warn(`${reason} Listening on TCP in its place; the socket is tried again every ${LOOK_EVERY_MS / 1_000} s.`);
    }
    log.info(`Applications read the token at unix:${settings.apiSocketPath}`);
    this.#sayRestored();
    this.#stateFile.start();
    await this.#outlets.open();
    this.#holder.start();
  }

  async stop(): Promise<void> {
    clearTimeout(this.#telling);
    await this.#apiSocket?.release();
    // First the way in, so that what was acknowledged is handed on.
    if (this.#tokens.isRunning()) await this.#tokens.stop();
    this.#holder.stop();
    await Promise.all([this.#stateFile.close(), this.#api.close(), this.#outlets.close()]);
  }

  /** Takes over what may change while it runs; see settings-reload.ts. Rejects with a TlsMaterialError. */
  async reconfigure(settings: ReceiverSettings, tls: TlsMaterial | undefined): Promise<void> {
    if (tls !== undefined && this.#options.tls !== undefined) {
      this.#tokens.reloadTls(tls);
      this.#intake.certificatesChanged();
    }
    await this.#outlets.replace(settings);
    this.#changed();
  }

  /** Until the signal aborts; see self-check.ts. */
  feedWatchdog(watchdog: Systemd['watchdog'], signal: AbortSignal): void {
    const { settings, log } = this.#options;
    const isSocketLost = () => this.#apiSocket?.isLost() ?? false;
    const { server } = this.#api;
    feedWatchdogWhileAccepting(watchdog, { socketPath: settings.apiSocketPath, server, log, isSocketLost }, signal);
  }

  status(): ReceiverStatus {
    const { connections, eventReaders, waitingReaders } = this.#api.counts();
    return buildStatus({
      version,
      pid: this.#options.pid,
      startedAtMs: this.#startedAtMs,
      listening: this.#tokens.addresses(),
      rejected: this.#intake.allRefused(),
      generation: this.#tokens.getTokenCount(),
      held: this.#tokens.getLatestToken(),
      freshness: this.#holder.freshness(),
      readers: { connections, events: eventReaders, waiting: waitingReaders },
      sinks: this.#outlets.report().sinks,
      stateFile: this.#stateFile.report().state,
      lastError: this.#tokens.getLastError()?.message,
    });
  }

  #metrics() {
    return receiverMetrics(
      metricsSnapshot({
        version,
        startedAtMs: this.#startedAtMs,
        usage: this.#options.usage(),
        freshness: this.#holder.freshness(),
        held: this.#tokens.getLatestToken(),
        received: this.#intake.received,
        rejected: this.#intake.rejected,
        api: this.#api.counts(),
        ...this.#outlets.report(),
        peersRefused: this.#options.tls === undefined ? undefined : this.#intake.peersRefused,
      }),
    );
  }

  #openApi(fd: number | undefined): Promise<ApiSocket> {
    const { settings, log, remakeFolder } = this.#options;
    const { apiSocketPath: path, socketMode: mode } = settings;
    // Where nobody has named another place, the state file was in the same folder.
    const onRestored = () => this.#stateFile.changed();
    return openApiSocket(this.#api.server, { path, fd, mode, groupId: this.#groupId, log, remakeFolder, onRestored });
  }

  #sayRestored(): void {
    const held = this.#tokens.getLatestToken();
    if (held === undefined) return;
    const state = this.#holder.freshness().kind === 'expired' ? 'an expired token' : 'the token';
    this.#options.log.info(`Holding ${state} of before the restart (generation ${held.generation})`);
  }

  /** Tells of a burst of changes once. */
  #changed(): void {
    this.#telling ??= setTimeout(() => {
      this.#telling = undefined;
      this.#options.onChange();
    }, CHANGE_DELAY_MS);
  }
}
