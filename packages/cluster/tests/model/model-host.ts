/** A host over all its runs: its clock, its disk, its way to the store, and how far it is in a change of keys. */
import { memoryStore, type RefreshedTokens, type TokenSet, type TokenStore } from '@token-relay/tokens';
import type { MemoryStore } from '../../src/memory-store.ts';
import type { Role } from '../../src/membership.ts';
import { HostProcess, TIMES } from './host-process.ts';
import { isStepBack, words, type JudgedHub } from './judged-hub.ts';
import type { Candidate } from './leadership.ts';
import type { Disk, Plan } from './plan.ts';
import type { RefreshCount } from './refresh-count.ts';
import type { VirtualClock } from './virtual-clock.ts';

const EPOCH_MS = 1_762_983_055_000;

export interface Surroundings {
  readonly clock: VirtualClock;
  readonly hub: JudgedHub;
  readonly count: RefreshCount;
  readonly random: () => number;
  /** A number that nothing had yet. */
  readonly serial: () => number;
  readonly onBreach: (what: string) => void;
}

export class ModelHost {
  readonly name: string;
  offsetMs: number;
  keyStep = 0;
  isStopping = false;
  process: HostProcess | undefined;
  link: MemoryStore;
  readonly #around: Surroundings;
  readonly #whenIsolated: 'leader' | 'wait';
  #disk: TokenStore = memoryStore();
  /** What it held last; without a mark, if another program wrote its file since. */
  #last: TokenSet | undefined;

  constructor(name: string, { offsetMs, whenIsolated }: Plan['hosts'][number], around: Surroundings) {
    this.name = name;
    this.offsetMs = offsetMs;
    this.link = around.hub.store();
    this.#whenIsolated = whenIsolated;
    this.#around = around;
  }

  held(): TokenSet | undefined {
    return this.process?.manager.get();
  }

  /** A process of it that runs. */
  running(): HostProcess | undefined {
    return this.process?.gate.isFrozen() === false ? this.process : undefined;
  }

  hasFile(tokenSet: TokenSet): void {
    this.#disk = memoryStore(tokenSet);
  }

  start(): void {
    const { clock, hub, random, serial, onBreach } = this.#around;
    this.isStopping = false;
    this.process = new HostProcess({
      ...{ host: this.name, disk: this.#disk, link: this.link, whenIsolated: this.#whenIsolated },
      ...{ instance: `${this.name}-${serial()}`, hub, clock, random, onBreach },
      wallMs: () => this.#wallMs(),
      keyStep: () => this.keyStep,
      onAsk: (role) => this.#ask(role),
    });
    this.process.start();
  }

  kill(): void {
    this.process?.kill();
    this.process = undefined;
  }

  async restart(disk: Disk): Promise<void> {
    this.kill();
    const { origin, ...unmarked } = (await this.#disk.read()) ?? {};
    if (disk === 'lost') this.#last = undefined;
    if (disk === 'lost') this.#disk = memoryStore();
    else if (disk === 'unmarked' && origin !== undefined) this.#disk = memoryStore(unmarked);
    this.link = this.#around.hub.store();
    this.start();
  }

  /** As a person makes one: in a later second than the login that is held, whatever the clock says. */
  newLogin(): TokenSet {
    const heldAtMs = this.held()?.loginAtMs ?? 0;
    const nowMs = this.#wallMs();
    const serial = this.#around.serial();
    return {
      accessToken: `access-${serial}`,
      refreshToken: `refresh-${serial}`,
      loginAtMs: Math.max(nowMs, (Math.floor(heldAtMs / 1000) + 1) * 1000),
      issuedAtMs: nowMs,
      expiresAtMs: nowMs + TIMES.lifetimeMs,
    };
  }

  candidate(isSlow: boolean): Candidate {
    const role = this.process?.cluster.role();
    const isAble = this.running() !== undefined && !this.isStopping && !this.link.isCut() && !isSlow;
    return { name: this.name, isLeading: role === 'leader', couldLead: isAble && role === 'follower' };
  }

  /** Whether what it holds is no step back from what it held. */
  look(): void {
    const { count, clock, onBreach } = this.#around;
    count.role(this.name, this.process?.cluster.role(), clock.nowMs());
    const held = this.held();
    const before = this.#last;
    if (held === undefined || held === before) return;
    if (before !== undefined && isStepBack(held, before))
      onBreach(`at ${this.name} ${words(held)} replaced ${words(before)}`);
    this.#last = held;
  }

  /** Schwab gives a new access token for any login; it takes up to the longest time that is waited for. */
  async #ask(role: Role): Promise<RefreshedTokens> {
    const { clock, hub, count, random, serial, onBreach } = this.#around;
    const atMs = clock.nowMs();
    const isByMischance = count.asked(this.name, role, atMs);
    if (role === 'leader' && !isByMischance && !hub.isLeased(this.name, atMs + TIMES.requestMs))
      onBreach(`${this.name} asked Schwab with a lease that could end before the answer`);
    const accessToken = `access-${serial()}`;
    await clock.sleep(random() * TIMES.requestMs);
    return { accessToken, expiresInSeconds: TIMES.lifetimeMs / 1000 };
  }

  #wallMs(): number {
    return EPOCH_MS + this.#around.clock.nowMs() + this.offsetMs;
  }
}
