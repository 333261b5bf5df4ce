/** One run of a host: the cluster's part of a sender, a token manager, and a loop that refreshes what is due. */
import { TokenError, TokenManager, type RefreshedTokens, type TokenSet, type TokenStore } from '@token-relay/tokens';
import { Cluster } from '../../src/cluster.ts';
import type { MemoryStore } from '../../src/memory-store.ts';
import type { Role } from '../../src/membership.ts';
import type { JudgedHub } from './judged-hub.ts';
import { ringAt } from './keys.ts';
import { ProcessGate } from './process-gate.ts';
import type { VirtualClock } from './virtual-clock.ts';

/** Short periods, so that some fit into a run; longer than it takes to agree, so that no refresh does it for the hosts. */
export const TIMES = { lifetimeMs: 600_000, refreshAfterMs: 480_000, leaseLifeMs: 45_000, requestMs: 10_000 } as const;
const LOOK_EVERY_MS = 2_000;
const JOIN_WITHIN_MS = 5_000;

export interface HostProcessOptions {
  readonly host: string;
  readonly instance: string;
  readonly clock: VirtualClock;
  readonly random: () => number;
  /** This host's clock on the wall. */
  readonly wallMs: () => number;
  readonly disk: TokenStore;
  readonly link: MemoryStore;
  readonly hub: JudgedHub;
  readonly whenIsolated: 'leader' | 'wait';
  /** How far this host is in a change of keys: see {@link ringAt}. */
  readonly keyStep: () => number;
  /** Schwab is asked. */
  readonly onAsk: (role: Role) => Promise<RefreshedTokens>;
  readonly onBreach: (what: string) => void;
}

export class HostProcess {
  readonly cluster: Cluster;
  readonly manager: TokenManager;
  readonly gate: ProcessGate;
  readonly #options: HostProcessOptions;
  readonly #stop = new AbortController();
  readonly #open = new Set<string>();
  #asked = 0;

  constructor(options: HostProcessOptions) {
    const { host, instance, clock, random, wallMs, disk, link, hub, whenIsolated, keyStep, onAsk, onBreach } = options;
    const gate = new ProcessGate(clock, () => onBreach(`${host} spins`));
    this.#options = options;
    this.gate = gate;
    this.manager = new TokenManager({
      ...{ store: disk, host, nowMs: wallMs, bootMs: clock.nowMs },
      refresh: () => gate.answer(onAsk(this.cluster.role())),
    });
    this.cluster = new Cluster({
      ...{ host, instance, random, whenIsolated, nowMs: wallMs, bootMs: clock.nowMs },
      store: gate.store(link, hub),
      ring: () => ringAt(keyStep()),
      pause: (ms, signal) => gate.pause(ms, signal),
      requestMs: () => TIMES.requestMs,
      tokens: { get: () => this.manager.get(), take: (tokenSet, insteadOf) => this.#take(tokenSet, insteadOf) },
      about: () => ({ version: 'model', state: 'healthy' }),
      onChange: () => undefined,
      log: { debug: () => undefined, warn: () => undefined },
    });
  }

  /** Waits that have not ended. */
  open(): readonly string[] {
    return [...this.#open];
  }

  start(): void {
    this.#watched('run', this.#run());
  }

  kill(): void {
    this.gate.kill();
    this.#open.clear();
    this.#options.link.cut(true);
  }

  stop(): void {
    this.#stop.abort();
  }

  stepDown(): void {
    this.#watched('step down', this.cluster.stepDown());
  }

  /** A refresh that nobody should have made: as by a host that woke up in the middle of one. */
  refreshByMischance(): void {
    if (this.manager.getRefreshToken() !== undefined) this.#watched('refresh', this.#refresh());
  }

  logIn(tokenSet: TokenSet): void {
    const loggedIn = this.manager.set(tokenSet).then(() => this.cluster.offer());
    this.#watched('login', loggedIn);
  }

  async #run(): Promise<void> {
    const { signal } = this.#stop;
    await this.manager.load();
    const running = this.cluster.run(signal);
    this.#watched('join', this.cluster.joined());
    await Promise.race([this.cluster.joined(), this.gate.pause(JOIN_WITHIN_MS, signal)]);
    while (!signal.aborted) {
      if (this.#isDue() && !this.#isRefreshing()) this.#watched('refresh', this.#tryToRefresh());
      await this.gate.pause(LOOK_EVERY_MS, signal);
    }
    await running;
  }

  #isDue(): boolean {
    const { issuedAtMs, expiresAtMs, refreshToken } = this.manager.get() ?? {};
    if (refreshToken === undefined) return false;
    const beganAtMs = issuedAtMs ?? (expiresAtMs === undefined ? -Infinity : expiresAtMs - TIMES.lifetimeMs);
    return this.#options.wallMs() >= beganAtMs + TIMES.refreshAfterMs;
  }

  #isRefreshing(): boolean {
    return [...this.#open].some((what) => what.startsWith('refresh'));
  }

  async #tryToRefresh(): Promise<void> {
    if (await this.cluster.mayRefresh()) await this.#refresh();
  }

  async #refresh(): Promise<void> {
    await this.manager.refreshNow();
    this.cluster.offer();
  }

  async #take(tokenSet: TokenSet, insteadOf: TokenSet | undefined): Promise<boolean> {
    try {
      return await this.manager.take(tokenSet, insteadOf);
    } catch (error) {
      if (!(error instanceof TokenError)) throw error;
      this.#options.onBreach(`${this.#options.host} could not take a token set: ${error.code}`);
      return true;
    }
  }

  #watched(what: string, work: Promise<unknown>): void {
    this.#asked += 1;
    const name = `${what} ${this.#asked}`;
    this.#open.add(name);
    void work.then(
      () => this.#open.delete(name),
      (error: unknown) => this.#options.onBreach(`${this.#options.host}: ${name} failed: ${String(error)}`),
    );
  }
}
