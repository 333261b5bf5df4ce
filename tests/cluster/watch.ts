/** Looks at every host's token all the time, and says whether it is one that Schwab takes. */
import { setTimeout as sleep } from 'node:timers/promises';
import type { Witness } from '../chaos/witness.ts';
import type { ClusterHost } from './host.ts';
import type { Issue } from './ledger.ts';
import { LIFE_MS, PERIOD_MS, type Stage } from './stage.ts';

const EVERY_MS = 250;
/** From its answer to what a look at it says, on a busy machine. */
const SLACK_MS = 1_000;
/** Who comes back connects, and has a token, within this: a connection is tried every 5 s. */
const BACK_WITHIN_MS = 20_000;
/** A host that misses so much of what it needs may miss a refresh, after one that came as late as a take-over makes it. */
const MAY_MISS_MS = LIFE_MS - PERIOD_MS - BACK_WITHIN_MS;

/** How long a host was without something that it needs; stretches with less than a return between them are one. */
interface Absence {
  sinceMs: number;
  lastMs: number;
}

export class Watch {
  readonly #stage: Stage;
  readonly #witness: Witness;
  /** Who was owed a token, had none, and was complained of. */
  readonly #without = new Set<string>();
  readonly #absences = new Map<string, Absence>();
  readonly #received = new Map<string, Map<number, Issue>>();
  readonly #over = new AbortController();
  #running: Promise<void> | undefined;
  /** Of the tokens that were handed out, the least that one had left. */
  leastLeftMs = Infinity;
  /** Looks at a host that is owed a token. */
  looks = 0;
  /** How often another host came to lead than the one that led last. */
  takeOvers = 0;
  #leaders: readonly string[] = [];
  #lastLeader: string | undefined;

  constructor(stage: Stage, witness: Witness) {
    this.#stage = stage;
    this.#witness = witness;
  }

  begin(): void {
    this.#running = this.#run();
  }

  /** What each receiver took, in order. */
  received(): ReadonlyMap<string, readonly Issue[]> {
    return new Map([...this.#received].map(([host, issues]) => [host, [...issues.values()]]));
  }

  async close(): Promise<void> {
    this.#over.abort();
    await this.#running;
  }

  async #run(): Promise<void> {
    for (let turn = 0; !this.#over.signal.aborted; turn += 1) {
      for (const host of this.#stage.hosts) this.#note(host);
      this.#noteLeader();
      await Promise.all(this.#stage.hosts.map((host) => this.#look(host)));
      // It keeps the last 50.
      if (turn % 20 === 0) await this.#readHistories();
      await sleep(EVERY_MS);
    }
    await this.#readHistories();
  }

  #note({ name, isUp, machine }: ClusterHost): void {
    const nowMs = performance.now();
    const absence = this.#absences.get(name);
    if (isUp && !machine.isCut && this.#stage.isStoreThere) return;
    if (absence === undefined || nowMs - absence.lastMs > BACK_WITHIN_MS)
      this.#absences.set(name, { sinceMs: nowMs, lastMs: nowMs });
    else absence.lastMs = nowMs;
  }

  /** One that is frozen or cut off goes on saying that it leads. */
  #noteLeader(): void {
    const leaders = this.#stage.hosts.filter(({ leads }) => leads).map(({ name }) => name);
    const latest = leaders.find((name) => !this.#leaders.includes(name));
    this.#leaders = leaders;
    if (latest === undefined || latest === this.#lastLeader) return;
    if (this.#lastLeader !== undefined) this.takeOvers += 1;
    this.#lastLeader = latest;
  }

  #isOwed(name: string, nowMs: number): boolean {
    const absence = this.#absences.get(name);
    return absence === undefined || nowMs - absence.lastMs > BACK_WITHIN_MS || nowMs - absence.sinceMs < MAY_MISS_MS;
  }

  async #look(host: ClusterHost): Promise<void> {
    const askedAtMs = performance.now();
    const held = await host.held();
    const isOwed = this.#isOwed(host.name, askedAtMs);
    if (isOwed) this.looks += 1;
    if ('problem' in held) {
      if (isOwed && !this.#without.has(host.name)) {
        this.#witness.complain(
          `${host.name} has no valid token at ${(askedAtMs / 1_000).toFixed(1)} s: ${held.problem}`,
        );
        this.#without.add(host.name);
      }
      return;
    }
    this.#without.delete(host.name);
    const issue = this.#stage.ledger.find(held.fingerprint);
    if (issue === undefined) {
      this.#witness.complain(`${host.name} hands out a token that Schwab never gave`);
      return;
    }
    const leftMs = issue.atMs + issue.lifeMs - askedAtMs;
    this.leastLeftMs = Math.min(this.leastLeftMs, leftMs);
    if (leftMs < -SLACK_MS) this.#witness.complain(`${host.name} hands out a token that ended ${-leftMs} ms ago`);
  }

  async #readHistories(): Promise<void> {
    for (const host of this.#stage.hosts) {
      const known = this.#received.get(host.name) ?? new Map<number, Issue>();
      this.#received.set(host.name, known);
      for (const { generation, fingerprint } of await host.received()) {
        const issue = this.#stage.ledger.find(fingerprint);
        if (issue === undefined) this.#witness.complain(`${host.name} took a token that Schwab never gave`);
        else known.set(generation, issue);
      }
    }
  }
}
