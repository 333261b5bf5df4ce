/** This host's part in a cluster: what the sender needs of it, and what it says. Loaded and connected only where there is one. */
import type { Cluster, ClusterReport, ClusterStore, HostReport, KeyRing } from '@token-relay/cluster';
import type { NatsStoreOptions } from '@token-relay/cluster/nats';
import type { Log } from '@token-relay/daemon';
import type { TokenSet } from '@token-relay/tokens';
import { awaitedWords, clusterLine, followingWords, storelessLoginWords } from './cluster-words.ts';
import type { ClusterFiles } from './cluster-files.ts';
import type { ClusterConfig } from './cluster-settings.ts';
import type { LastLed } from './last-led.ts';
import type { RefreshGate } from './refresh-gate.ts';

/** A start waits no longer than this for the store. */
const JOIN_WITHIN_MS = 5_000;
const WARN_AGAIN_AFTER_MS = 10 * 60_000;
const MAX_WARNED = 50;

export interface ClusterPartOptions {
  readonly config: ClusterConfig;
  readonly files: ClusterFiles;
  /** of this run, told apart from other runs of the same host */
  readonly instance: string;
  readonly version: string;
  readonly log: Log;
  readonly nowMs: () => number;
  readonly bootMs: () => number;
  readonly random: () => number;
  /** as the sender's, and to the millisecond */
  readonly pause: (ms: number, signal: AbortSignal) => Promise<unknown>;
  readonly httpTimeoutMs: () => number;
  readonly tokens: {
    readonly get: () => TokenSet | undefined;
    readonly take: (tokenSet: TokenSet, insteadOf: TokenSet | undefined) => Promise<boolean>;
  };
  /** For how long a refresh has been due, in milliseconds; negative until it is. */
  readonly overdueMs: () => number;
  /** Whether this host led last, also before it was started again. */
  readonly lastLed: LastLed;
  /** of the login, as the status calls it */
  readonly state: () => string;
  readonly onChange: () => void;
  /** default: NATS */
  readonly openStore?: (options: NatsStoreOptions) => Promise<ClusterStore>;
}

export class ClusterPart implements RefreshGate {
  readonly #options: ClusterPartOptions;
  readonly #stop = new AbortController();
  #files: ClusterFiles;
  #cluster: Cluster | undefined;
  #ring: KeyRing | undefined;
  #running: Promise<void> | undefined;
  #lastLine = '';
  /** Warnings, and when they were last said. */
  readonly #warned = new Map<string, number>();

  constructor(options: ClusterPartOptions) {
    this.#options = options;
    this.#files = options.files;
  }

  /** The tokens are read by now. */
  async joined(): Promise<void> {
    const { config, files, log, pause } = this.#options;
    const { lastLed, overdueMs } = this.#options;
    const [{ Cluster, keyRing }, store, ledLast] = await Promise.all([
      import('@token-relay/cluster'),
      this.#openStore(),
      lastLed.load(),
    ]);
    this.#ring = keyRing(files.keys);
    const { host, whenIsolated, servers } = config;
    const { instance, nowMs, bootMs, random, tokens, version, state, httpTimeoutMs: requestMs } = this.#options;
    const cluster = new Cluster({
      ...{
        host,
        instance,
        whenIsolated,
        store,
        tokens,
        nowMs,
        bootMs,
        random,
        pause,
        requestMs,
        log,
        ledLast,
        overdueMs,
      },
      onLedLast: (led) => void lastLed.save(led),
      ring: () => this.#ring ?? keyRing(files.keys),
      about: () => ({ version, state: state() }),
      onChange: () => this.#changed(),
    });
    this.#cluster = cluster;
    log.info(`Cluster: joining as ${host}, through ${servers.join(', ')}`);
    this.#running = cluster.run(this.#stop.signal);
    const waited = new AbortController();
    await Promise.race([cluster.joined(), pause(JOIN_WITHIN_MS, AbortSignal.any([waited.signal, this.#stop.signal]))]);
    waited.abort();
    this.#changed();
  }

  isOpen(): boolean {
    switch (this.#cluster?.role()) {
      case 'leader':
      case 'alone':
      case 'single':
        return true;
      case 'follower':
      case 'waiting':
      case undefined:
        return false;
    }
  }

  async pass(): Promise<boolean> {
    return (await this.#cluster?.mayRefresh()) ?? false;
  }

  closedBecause(): string {
    const report = this.report();
    return report === undefined ? 'The cluster is not joined yet.' : followingWords(report);
  }

  awaits(): string {
    return awaitedWords(this.report());
  }

  held(): void {
    this.#cluster?.offer();
  }

  /** What somebody who logs in here is told beforehand; undefined: the others hear of it at once. */
  loginCaution(): string | undefined {
    const report = this.report();
    return report === undefined || report.role === 'waiting' ? storelessLoginWords : undefined;
  }

  report(): ClusterReport | undefined {
    return this.#cluster?.report();
  }

  knownHosts(): readonly HostReport[] {
    return this.#cluster?.knownHosts() ?? [];
  }

  async hosts(): Promise<readonly HostReport[]> {
    return (await this.#cluster?.hosts()) ?? [];
  }

  stepDown(): Promise<boolean> {
    return this.#cluster?.stepDown() ?? Promise.resolve(false);
  }

  /** Keys that were changed on disk are used from now on, certificates from the next connection on. Resolves when all is sealed anew. */
  async filesChanged(files: ClusterFiles): Promise<void> {
    this.#files = files;
    const { keyRing } = await import('@token-relay/cluster');
    this.#ring = keyRing(files.keys);
    await this.#cluster?.keysChanged();
  }

  async close(): Promise<void> {
    this.#stop.abort();
    await this.#running;
  }

  #openStore(): Promise<ClusterStore> {
    const { config, bootMs, random, pause, openStore = natsStore } = this.#options;
    const { servers, host, bucket, replicas, leaseLifeMs } = config;
    const access = () => this.#files;
    return openStore({ servers, host, bucket, replicas, leaseLifeMs, access, bootMs, random, pause });
  }

  /** A warning that comes again and again, because a store is there and is not, is said once in a while. */
  #say(level: 'info' | 'warn', message: string): void {
    if (message === this.#lastLine) return;
    this.#lastLine = message;
    const { log, bootMs } = this.#options;
    const isRepeated = level === 'warn' && bootMs() - (this.#warned.get(message) ?? -Infinity) < WARN_AGAIN_AFTER_MS;
    log[isRepeated ? 'debug' : level](message);
    if (isRepeated || level === 'info') return;
    if (this.#warned.size >= MAX_WARNED) this.#warned.clear();
    this.#warned.set(message, bootMs());
  }

  /** A line for each change, and none while all stays as it is. */
  #changed(): void {
    const report = this.report();
    if (report !== undefined) {
      const { level, message } = clusterLine(report);
      this.#say(level, message);
    }
    this.#options.onChange();
  }
}

async function natsStore(options: NatsStoreOptions): Promise<ClusterStore> {
  const { NatsStore } = await import('@token-relay/cluster/nats');
  return new NatsStore(options);
}
