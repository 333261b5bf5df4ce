/** Hosts, the store and Schwab on one clock; carries out a plan and looks at every promise after every step. */
import type { TokenSet } from '@token-relay/tokens';
import { seeded } from '../../../../tests/seeded/seeded.ts';
import { TIMES, type HostProcess } from './host-process.ts';
import { isStepBack, JudgedHub, words } from './judged-hub.ts';
import { LAST_KEY_STEP, ringAt } from './keys.ts';
import { Leadership } from './leadership.ts';
import { ModelHost, type Surroundings } from './model-host.ts';
import type { HostStep, Plan, Step } from './plan.ts';
import { RefreshCount } from './refresh-count.ts';
import { VirtualClock } from './virtual-clock.ts';

/** The longest that a step of a request takes, and the longest on a bad network. */
const HOP_MS = 50;
const SLOW_HOP_MS = 8_000;

export class World {
  readonly breaches: string[] = [];
  readonly clock: VirtualClock = new VirtualClock();
  readonly #hosts: readonly ModelHost[];
  readonly #hub: JudgedHub;
  readonly #count = new RefreshCount();
  readonly #leadership = new Leadership();
  #maxHopMs = HOP_MS;
  #serial = 0;
  #isHealed = false;

  constructor({ seed, hosts }: Plan) {
    const random = seeded(seed);
    const { clock } = this;
    const hop = () => clock.sleep(random() * this.#maxHopMs);
    const onBreach = (what: string) => void this.breaches.push(`${clock.nowMs()} ms: ${what}`);
    this.#hub = new JudgedHub({ leaseLifeMs: TIMES.leaseLifeMs, nowMs: clock.nowMs, hop }, onBreach);
    const serial = () => ++this.#serial;
    const around: Surroundings = { clock, hub: this.#hub, count: this.#count, random, serial, onBreach };
    this.#hosts = hosts.map((host, index) => new ModelHost(`h${index}`, host, around));
    const [first] = this.#hosts;
    first?.hasFile(first.newLogin());
    for (const host of this.#hosts) host.start();
  }

  run(ms: number): Promise<void> {
    return this.clock.runUntil(this.clock.nowMs() + ms, () => this.#look());
  }

  async carryOut(step: Step): Promise<void> {
    await this.run(step.afterMs);
    this.#do(step);
    this.#look();
  }

  /** From now on nothing fails any more. */
  async heal(): Promise<void> {
    this.#isHealed = true;
    this.#maxHopMs = HOP_MS;
    const keyStep = Math.max(...this.#hosts.map((host) => host.keyStep));
    for (const host of this.#hosts) {
      host.keyStep = keyStep;
      host.process?.gate.thaw();
      host.process?.gate.deafen(false);
      void host.process?.cluster.keysChanged();
      host.link.cut(host.process === undefined);
    }
    for (const host of this.#hosts) if (host.process === undefined || host.isStopping) await host.restart('kept');
  }

  /** Whether all hold what the store holds, which is sealed with the key of now, and know the one who leads. */
  isAgreed(): boolean {
    const stored = this.#hub.tokenSet();
    const leaders = this.#leaders();
    return this.#hosts.every((host) => {
      const held = host.held();
      const isSame = held?.accessToken === stored?.accessToken && held?.origin?.revision === stored?.origin?.revision;
      const isSealed = stored === undefined || this.#hub.sealedWith() === ringAt(host.keyStep).keyId;
      return isSame && isSealed && leaders.length === 1 && host.process?.cluster.report()?.leader === leaders[0];
    });
  }

  /** The newest that anybody has. */
  newest(): TokenSet | undefined {
    return [this.#hub.tokenSet(), ...this.#hosts.map((host) => host.held())]
      .filter((tokenSet) => tokenSet !== undefined)
      .reduce<TokenSet | undefined>(
        (best, next) => (best === undefined || isStepBack(best, next) ? next : best),
        undefined,
      );
  }

  /** Who holds what, for people. */
  describe(): string {
    const line = (tokenSet: TokenSet | undefined) => (tokenSet === undefined ? 'nothing' : words(tokenSet));
    const hosts = this.#hosts.map((host) => {
      const { role, leader, problem } = host.process?.cluster.report() ?? {};
      return `${host.name}: ${role ?? 'down'}, led by ${leader ?? 'nobody'}, ${line(host.held())} ${problem ?? ''}`;
    });
    return [`store: ${line(this.#hub.tokenSet())}`, ...hosts].join('\n');
  }

  /** Ends all, and says what did not end. */
  async end(): Promise<readonly string[]> {
    for (const { process } of this.#hosts) process?.stop();
    await this.run(60_000);
    const hanging = this.#hosts.flatMap(({ name, process }) => process?.open().map((what) => `${name}: ${what}`) ?? []);
    const tooMany = this.#count.breaches(this.clock.nowMs(), this.#hub.takeOvers);
    return [...hanging.map((what) => `it hangs: ${what}`), ...tooMany];
  }

  #do(step: Step): void {
    switch (step.kind) {
      case 'wipe':
        this.#wipe(step.isNoticed);
        return;
      case 'next key':
        this.#nextKey();
        return;
      case 'slow':
        this.#maxHopMs = SLOW_HOP_MS;
        this.clock.after(step.forMs, () => {
          this.#maxHopMs = HOP_MS;
        });
        return;
      case 'on a host': {
        const host = this.#hosts[step.host % this.#hosts.length];
        if (host?.process !== undefined) this.#doTo(host, host.process, step.what);
      }
    }
  }

  #doTo(host: ModelHost, process: HostProcess, what: HostStep): void {
    switch (what.kind) {
      case 'cut': {
        const { link } = host;
        link.cut(true);
        this.clock.after(what.forMs, () => link.cut(host.link !== link || host.process === undefined));
        return;
      }
      case 'freeze':
        process.gate.freeze();
        this.clock.after(what.forMs, () => process.gate.thaw());
        return;
      case 'deafen':
        process.gate.deafen(true);
        this.clock.after(what.forMs, () => process.gate.deafen(false));
        return;
      case 'restart':
        if (what.how === 'kill') host.kill();
        else process.stop();
        host.isStopping = what.how === 'stop';
        this.clock.after(what.forMs, () => void (this.#isHealed || host.restart(what.disk)));
        return;
      case 'log in':
        if (host.running() !== undefined) this.#count.loggedIn();
        host.running()?.logIn(host.newLogin());
        return;
      case 'step down':
        host.running()?.stepDown();
        return;
      case 'refresh by mischance':
        if (host.running() !== undefined) this.#count.byMischance(host.name);
        host.running()?.refreshByMischance();
        return;
      case 'set clock':
        this.#count.clockSet(what.offsetMs - host.offsetMs);
        host.offsetMs = what.offsetMs;
    }
  }

  #wipe(isNoticed: boolean): void {
    const connected = this.#hosts.filter(({ link }) => isNoticed && !link.isCut());
    for (const { link } of connected) link.cut(true);
    this.#hub.wipe();
    for (const { link } of connected) link.cut(false);
  }

  /** The host that is furthest behind goes on; the old key is left out only when nothing is sealed with it any more. */
  #nextKey(): void {
    const host = this.#hosts.reduce((least, next) => (next.keyStep < least.keyStep ? next : least));
    const isSealedWithOld = this.#hub.sealedWith() === ringAt(0).keyId;
    if (host.keyStep === LAST_KEY_STEP || (host.keyStep === LAST_KEY_STEP - 1 && isSealedWithOld)) return;
    host.keyStep += 1;
    void host.running()?.cluster.keysChanged();
  }

  #leaders(): readonly string[] {
    return this.#hosts.filter(({ process }) => process?.cluster.role() === 'leader').map(({ name }) => name);
  }

  #look(): void {
    const isSlow = this.#maxHopMs > HOP_MS;
    const candidates = this.#hosts.map((host) => host.candidate(isSlow));
    const wrong = this.#leadership.look(candidates, this.#hub.isNewlyWiped(), this.clock.nowMs());
    if (wrong !== undefined) this.breaches.push(`${this.clock.nowMs()} ms: ${wrong}`);
    for (const host of this.#hosts) host.look();
  }
}
