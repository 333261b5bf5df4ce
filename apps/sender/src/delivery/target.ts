/** One target: a mailbox of one token, and the loop that empties it. */
import type { Log } from '@token-relay/daemon';
import { formatTokenMessage, type TokenMessage } from '@token-relay/protocol';
import { DeliveryError, formatAddress, type SendOptions, type TlsFiles, type TokenAddress } from '@token-relay/socket';
import {
  afterFailedAttempt,
  ATTEMPT_TIMEOUT_MS,
  SLOW_POLL_MS,
  type DeliveryPolicy,
  type NextStep,
} from './delivery-policy.ts';
import type { TimelineEventKind } from '../web/timeline.ts';
import { Kick, type After } from './kick.ts';

export interface TargetConfig {
  readonly name: string;
  readonly address: TokenAddress;
  /** `json`: the message, answered by `OK`; `raw`: the bare access token, no reply expected. */
  readonly format: 'json' | 'raw';
  readonly includeRefreshToken: boolean;
  /** For an address of the kind `unix`: see SendOptions. */
  readonly socketOwner?: number;
  /** For an address of the kind `tls`: where its certificates are. */
  readonly tls?: TlsFiles & { readonly serverName?: string };
}

/** Times are epoch milliseconds; `reason` is for people. */
export type TargetState =
  | { readonly kind: 'idle' }
  | { readonly kind: 'delivering'; readonly attempt: number }
  | { readonly kind: 'delivered'; readonly atMs: number }
  | { readonly kind: 'undelivered'; readonly sinceMs: number; readonly reason: string };

export interface TargetDependencies {
  /** Asked after each failure, because a reload may change it. */
  readonly policy: () => DeliveryPolicy;
  readonly log: Log;
  readonly nowMs: () => number;
  /** Notes what happened, for the timeline. */
  readonly record: (kind: TimelineEventKind, text: string) => void;
  readonly send: (
    address: TokenAddress,
    payload: string,
    options: SendOptions & { signal: AbortSignal },
  ) => Promise<void>;
  /** A target's certificates, asked for each attempt, because a reload reads them again. */
  readonly tls: (target: string) => SendOptions['tls'];
  /** Tells of a socket file that appeared or was replaced; ends with the signal. */
  readonly watch: (path: string, onChange: (present: boolean) => void, signal: AbortSignal) => void;
  /** The timer of its waits. */
  readonly after: After;
}

/**
 * Sends the newest token, one at a time; a newer one takes the place of one that is not delivered yet. A socket file
 * that appears or is replaced (a restarted receiver) is sent the token again. Nothing here delays another target.
 */
export class Target {
  readonly config: TargetConfig;
  readonly #dependencies: TargetDependencies;
  readonly #stop = new AbortController();
  readonly #kick: Kick;
  readonly #loop: Promise<void>;
  #newest: TokenMessage | undefined;
  #pending = false;
  #isSending = false;
  #failures = 0;
  /** Why, as the last line about an outage said. */
  #said: DeliveryError['code'] | undefined;
  #whenSettled: (() => void)[] = [];
  #whenTried: (() => void)[] = [];
  #state: TargetState = { kind: 'idle' };
  readonly #totals = { deliveries: 0, failures: 0 };

  constructor(config: TargetConfig, dependencies: TargetDependencies) {
    this.config = config;
    this.#dependencies = dependencies;
    this.#kick = new Kick(dependencies.after);
    if (config.address.kind === 'unix') {
      dependencies.watch(config.address.path, (present) => this.#targetChanged(present), this.#stop.signal);
    }
    this.#loop = this.#run();
  }

  get state(): TargetState {
    return this.#state;
  }

  /** Since the start: tokens delivered, and attempts that failed. */
  get totals(): { readonly deliveries: number; readonly failures: number } {
    return { ...this.#totals };
  }

  publish(message: TokenMessage): void {
    this.#newest = message;
    this.#pending = true;
    this.#failures = 0;
    this.#kick.now();
  }

  /** What may have stood in the way was put right: what is undelivered is tried again at once. */
  tryAgain(): void {
    if (this.#state.kind === 'undelivered') this.#startAgain();
  }

  /** Resolves when the newest token is delivered, or the attempts in a row are used up. */
  async settled(): Promise<void> {
    if (this.#isBusy()) await new Promise<void>((resolve) => this.#whenSettled.push(resolve));
  }

  /** Resolves when the newest token was delivered, or could not be at the first attempt. */
  async tried(): Promise<void> {
    if (this.#isBusy() && this.#failures === 0) await new Promise<void>((resolve) => this.#whenTried.push(resolve));
  }

  /** Ends an attempt under way; what is undelivered is forgotten (it is in the token file). */
  async close(): Promise<void> {
    this.#stop.abort();
    this.#kick.now();
    await this.#loop;
  }

  #targetChanged(present: boolean): void {
    if (present && this.#newest !== undefined) this.#startAgain();
  }

  /** Tries in a row again: a socket file can be there a moment before anybody listens on it. */
  #startAgain(): void {
    this.#pending = true;
    this.#failures = 0;
    this.#kick.now();
  }

  #isBusy(): boolean {
    return !this.#stop.signal.aborted && (this.#pending || this.#isSending || this.#state.kind === 'delivering');
  }

  async #run(): Promise<void> {
    let pollMs: number | undefined;
    while (!this.#stop.signal.aborted) {
      if (!this.#pending || this.#newest === undefined) {
        const kicked = await this.#kick.wait(pollMs);
        if (!kicked) this.#pending = true; // the slow poll: one more try
        continue;
      }
      this.#isSending = true;
      const step = await this.#attempt(this.#newest);
      this.#isSending = false;
      tell(this.#whenTried);
      if (step?.kind === 'retry') await this.#kick.wait(step.delayMs);
      pollMs = step?.kind === 'wait_for_target' ? step.pollMs : undefined;
      if (!this.#isBusy()) tell(this.#whenSettled);
    }
    tell(this.#whenTried);
    tell(this.#whenSettled);
  }

  /** One try. Returns what follows from a failure; nothing after a success. */
  async #attempt(message: TokenMessage): Promise<NextStep | undefined> {
    const { policy, log, nowMs, record, send, tls } = this.#dependencies;
    const { address, format, includeRefreshToken, name, socketOwner } = this.config;
    const before = this.#state;
    if (before.kind !== 'undelivered') this.#state = { kind: 'delivering', attempt: this.#failures + 1 };
    this.#pending = false;
    const certificates = tls(name);
    try {
      await send(address, formatTokenMessage(message, { format, includeRefreshToken }), {
        timeoutMs: ATTEMPT_TIMEOUT_MS,
        signal: this.#stop.signal,
        expectReply: format === 'json',
        ...(socketOwner === undefined ? {} : { socketOwner }),
        ...(certificates === undefined ? {} : { tls: certificates }),
      });
    } catch (error) {
      if (!(error instanceof DeliveryError)) throw error;
      if (this.#stop.signal.aborted) return undefined;
      this.#failures += 1;
      this.#totals.failures += 1;
      const next = afterFailedAttempt(this.#failures, policy());
      if (next.kind === 'retry') {
        log.debug(`Delivery to ${name} failed (${error.message}); next try in ${next.delayMs / 1_000} s`);
        this.#pending = true;
      } else {
        const sinceMs = before.kind === 'undelivered' ? before.sinceMs : nowMs();
        this.#state = { kind: 'undelivered', sinceMs, reason: error.message };
        // One line for an outage; another, if what stands in the way now does not pass by itself.
        if (before.kind !== 'undelivered' || (!error.retryable && error.code !== this.#said))
          this.#sayUndelivered(error);
      }
      return next;
    }
    this.#failures = 0;
    this.#said = undefined;
    this.#totals.deliveries += 1;
    this.#state = { kind: 'delivered', atMs: nowMs() };
    record('delivered', `Delivered to ${name}`);
    const how = format === 'json' ? 'acknowledged' : 'sent, no reply expected';
    log.info(`Token delivered to ${name} at ${formatAddress(address)} (${how})`, { target: name });
    return undefined;
  }

  #sayUndelivered(error: DeliveryError): void {
    const { log, record } = this.#dependencies;
    const { address, name } = this.config;
    this.#said = error.code;
    record('undelivered', `Not delivered to ${name}: ${error.message}`);
    const next = error.retryable
      ? `It will be delivered when ${formatAddress(address)} is back.`
      : `It is tried again every ${SLOW_POLL_MS / 1_000} s.`;
    log.warn(`Token not delivered to ${name}: ${error.message} ${next}`, { target: name, code: error.code });
  }
}

function tell(waiting: (() => void)[]): void {
  for (const resolve of waiting.splice(0)) resolve();
}
