/** The receiver's parts, put together: the token socket, the HTTP interface, and what the log says of them. */
import { createLocalHttp, type Log, type ShownInstead } from '@token-relay/daemon';
import {
  bindUnixSocket,
  formatAddress,
  TokenReceiver,
  type HeldToken,
  type UnixSocketClaim,
} from '@token-relay/socket';
import { fingerprint } from '@token-relay/tokens';
import type { Server } from 'node:http';
import { apiRoutes } from './api/routes.ts';
import { groupId } from './group-id.ts';
import { LineBudget } from './line-budget.ts';
import { RefusalLog } from './refusal-log.ts';
import type { ReceiverSettings } from './settings.ts';
import { buildStatus } from './status/build-status.ts';
import type { ReceiverStatus } from './status/receiver-status.ts';
import { version } from './version.ts';

/** Changes within this time are told of together. */
const CHANGE_DELAY_MS = 100;

export interface ReceiverOptions {
  readonly settings: ReceiverSettings;
  readonly log: Log;
  readonly pid: number;
  /** a net under all else: what is named here never appears in the log */
  readonly hideSecret: (secret: string, as: ShownInstead) => void;
  /** called when something that the status shows has changed */
  readonly onChange: () => void;
}

export class Receiver {
  readonly #options: ReceiverOptions;
  readonly #tokens: TokenReceiver;
  readonly #api: Server;
  readonly #startedAtMs = Date.now();
  readonly #refusals: RefusalLog;
  readonly #budget = new LineBudget(Date.now());
  #telling: NodeJS.Timeout | undefined;
  readonly #groupId: number | undefined;
  #claim: UnixSocketClaim | undefined;

  constructor(options: ReceiverOptions) {
    const { settings, log } = options;
    this.#options = options;
    this.#refusals = new RefusalLog(log);
    this.#groupId = settings.socketGroup === undefined ? undefined : groupId(settings.socketGroup);
    this.#tokens = new TokenReceiver({
      unixSocketPath: settings.unixSocketPath,
      tcpHost: settings.tcpHost,
      tcpPort: settings.tcpPort,
      preferUnixSocket: settings.preferUnixSocket,
      maxTokenSize: settings.maxTokenSize,
      receiveTimeoutMs: settings.receiveTimeout,
      listenBacklog: settings.listenBacklog,
      maxConnections: settings.maxConnections,
      socketMode: settings.socketMode,
      keepRefreshToken: false,
      ...(this.#groupId === undefined ? {} : { socketGroupId: this.#groupId }),
    });
    this.#tokens.onToken((held) => this.#received(held));
    this.#tokens.onRejected((rejection) => {
      this.#refusals.add(rejection, Date.now());
      this.#changed();
    });
    this.#api = createLocalHttp(
      apiRoutes({ heldToken: () => this.#tokens.getLatestToken(), status: () => this.status(), nowMs: Date.now }),
      { log },
    );
  }

  /** Rejects with a SocketBindError that names the socket. */
  async start(): Promise<void> {
    const { settings, log } = this.#options;
    this.#claim = await bindUnixSocket(this.#api, settings.apiSocketPath, {
      mode: settings.socketMode,
      ...(this.#groupId === undefined ? {} : { groupId: this.#groupId }),
    });
    const addresses = await this.#tokens.start();
    for (const address of addresses) log.info(`Listening for tokens on ${formatAddress(address)}`);
    const fellBack = settings.preferUnixSocket && addresses.every(({ kind }) => kind === 'tcp');
    if (fellBack) {
      const reason = this.#tokens.getLastError()?.message ?? `${settings.unixSocketPath} cannot be made.`;
      log.warn(`${reason} Listening on TCP in its place.`);
    }
    log.info(`Applications read the token at unix:${settings.apiSocketPath}`);
  }

  async stop(): Promise<void> {
    clearTimeout(this.#telling);
    this.#claim?.release();
    this.#api.close();
    this.#api.closeAllConnections();
    if (this.#tokens.isRunning()) await this.#tokens.stop();
  }

  status(): ReceiverStatus {
    return buildStatus({
      version,
      pid: this.#options.pid,
      startedAtMs: this.#startedAtMs,
      nowMs: Date.now(),
      listening: this.#tokens.addresses(),
      rejected: this.#refusals.counts,
      held: this.#tokens.getLatestToken(),
      lastError: this.#tokens.getLastError()?.message,
    });
  }

  /** After the acknowledgement: nothing here delays a sender. */
  #received({ message, generation, from }: HeldToken): void {
    const { log, hideSecret } = this.#options;
    this.#changed();
    const nowMs = Date.now();
    const skipped = this.#budget.take(nowMs);
    if (skipped === undefined) return;
    const token = fingerprint(message.accessToken);
    hideSecret(message.accessToken, `(token ${token})`);
    const { refreshToken } = message;
    if (refreshToken !== undefined) hideSecret(refreshToken, () => `(token ${fingerprint(refreshToken)})`);
    const others = skipped === 0 ? '' : `; ${skipped} more since the last line`;
    log.info(`Token received over ${from} (generation ${generation}, ${expiry(message.expiresAtMs, nowMs)}${others})`, {
      generation,
      token,
    });
  }

  /** Tells of a burst of changes once. */
  #changed(): void {
    this.#telling ??= setTimeout(() => {
      this.#telling = undefined;
      this.#options.onChange();
    }, CHANGE_DELAY_MS);
  }
}

function expiry(expiresAtMs: number | undefined, nowMs: number): string {
  if (expiresAtMs === undefined) return 'expiry unknown';
  const seconds = Math.round((expiresAtMs - nowMs) / 1_000);
  if (seconds <= 0) return 'already expired';
  return seconds < 120 ? `expires in ${seconds} seconds` : `expires in ${Math.round(seconds / 60)} minutes`;
}
