/** A run: faults by the plan, agreement after each scene, and the judgement at the end. */
import { setTimeout as sleep } from 'node:timers/promises';
import { Witness } from '../chaos/witness.ts';
import type { ClusterHost } from './host.ts';
import { Faults } from './faults.ts';
import { earlyRefreshes, madeBeside, stepsBack, type Issue } from './ledger.ts';
import { faultText, planRound, type FaultKind, type Scene, type Shape } from './plan.ts';
import { PERIOD_MS, Stage } from './stage.ts';
import { Watch } from './watch.ts';

/** What a loaded machine may need; a healthy one a fifth of it. */
const AGREE_WITHIN_MS = 100_000;
/** A refresh is sent when it is due by a clock, and told apart by the answers' times. */
const LEAST_GAP_MS = PERIOD_MS - 2_000;
/** A daemon that says more than this in a minute floods its log. */
const MOST_LINES_A_MINUTE = 100;

export interface Figures {
  readonly tookMs: number;
  readonly kinds: ReadonlyMap<FaultKind, number>;
  readonly refreshes: number;
  /** Made beside those of a leader. */
  readonly ownRefreshes: number;
  readonly early: number;
  readonly takeOvers: number;
  readonly logins: number;
  readonly refusals: number;
  readonly agreedAfterMs: readonly number[];
  readonly looks: number;
  readonly leastLeftMs: number;
  readonly received: number;
  readonly linesAMinute: number;
}

export class Campaign {
  readonly witness = new Witness();
  readonly stage: Stage;
  readonly #watch: Watch;
  readonly #faults: Faults;
  readonly #kinds = new Map<FaultKind, number>();
  readonly #agreedAfterMs: number[] = [];
  #beganAtMs = performance.now();

  private constructor(stage: Stage) {
    this.stage = stage;
    this.#watch = new Watch(stage, this.witness);
    this.#faults = new Faults(stage, {
      nextIsEverybodys: () => this.#nextIsEverybodys(),
      anotherLeads: (than) => this.#anotherLeads(than),
    });
  }

  static async open(folder: string): Promise<Campaign> {
    const stage = await Stage.open(folder);
    stage.start();
    const campaign = new Campaign(stage);
    await campaign.#bounded(() => allHoldTheSame(stage), 'hold a token at the start');
    campaign.#beganAtMs = performance.now();
    campaign.#watch.begin();
    return campaign;
  }

  get periods(): number {
    return (performance.now() - this.#beganAtMs) / PERIOD_MS;
  }

  /** @returns whether to go on */
  async round(seed: number, round: number, { shape, periods }: { shape: Shape; periods: number }): Promise<boolean> {
    for (const scene of planRound(seed, round, shape)) {
      if (this.periods >= periods) return false;
      console.log(`  ${(this.periods * (PERIOD_MS / 1_000)).toFixed(0)} s: ${scene.map(faultText).join(', ')}`);
      await this.#play(scene);
      if (this.witness.complaints.length > 0) return false;
    }
    return true;
  }

  /** All hold the same, and then the next one too; then everything is ended and judged. */
  async end(): Promise<Figures> {
    if (this.witness.complaints.length === 0) await this.#nextIsEverybodys();
    const tookMs = performance.now() - this.#beganAtMs;
    await this.#watch.close();
    const figures = this.#judge(tookMs);
    await this.stage.close().catch((error: unknown) => {
      this.witness.complain(error instanceof Error ? error.message : String(error));
    });
    return figures;
  }

  async #play(scene: Scene): Promise<void> {
    for (const { kind } of scene) this.#kinds.set(kind, (this.#kinds.get(kind) ?? 0) + 1);
    await Promise.all(scene.map((fault) => this.#faults.strike(fault)));
    const healedAtMs = performance.now();
    if (await this.#bounded(() => allHoldTheSame(this.stage), 'hold the same'))
      this.#agreedAfterMs.push(performance.now() - healedAtMs);
    for (const host of this.stage.hosts) {
      const ended = host.ended();
      if (ended !== undefined) this.witness.complain(ended);
    }
  }

  async #nextIsEverybodys(): Promise<void> {
    const { issues } = this.stage.ledger;
    const from = issues.length;
    await this.#bounded(() => allHoldTheSame(this.stage, ({ number }) => number > from), 'hold the next token');
  }

  async #anotherLeads(than: ClusterHost): Promise<void> {
    const isLed = () => this.stage.hosts.some((host) => host !== than && host.leads && !host.machine.isCut);
    await this.#bounded(() => Promise.resolve(isLed()), `are led by another host than ${than.name}`);
  }

  async #bounded(reached: () => Promise<boolean>, what: string): Promise<boolean> {
    const deadlineMs = performance.now() + AGREE_WITHIN_MS;
    while (performance.now() < deadlineMs) {
      if (await reached()) return true;
      await sleep(100);
    }
    this.witness.complain(`not all ${what} within ${AGREE_WITHIN_MS / 1_000} s: ${await held(this.stage)}`);
    return false;
  }

  #judge(tookMs: number): Figures {
    const { ledger, hosts } = this.stage;
    const received = [...this.#watch.received()];
    for (const [host, issues] of received) {
      for (const [before, after] of stepsBack(issues))
        this.witness.complain(
          `${host} took an older token after a newer one: ${issueText(before)}, then ${issueText(after)}`,
        );
    }
    const refreshes = ledger.issues.filter(({ kind }) => kind === 'refresh');
    const early = earlyRefreshes(ledger.issues, LEAST_GAP_MS);
    const { takeOvers } = this.#watch;
    const ownRefreshes = madeBeside(ledger.issues, LEAST_GAP_MS).size;
    const most = Math.ceil(tookMs / PERIOD_MS) + takeOvers;
    if (refreshes.length - ownRefreshes > most)
      this.witness.complain(`${refreshes.length - ownRefreshes} refreshes for all, and ${most} is the most`);
    if (early.length > takeOvers)
      this.witness.complain(
        `${early.length} refreshes came too early, with ${takeOvers} take-overs: ${early.map(issueText).join('; ')}`,
      );
    const lines = Math.max(...hosts.map((host) => fullestMinute(host.lines())));
    if (lines > MOST_LINES_A_MINUTE) this.witness.complain(`a sender said ${lines} lines in a minute`);
    for (const host of hosts) {
      if (host.lines().some((line) => line.includes('no reason is known')))
        this.witness.complain(`${host.name} does not say why the store is away`);
    }
    return {
      ...{ tookMs, takeOvers, kinds: this.#kinds, agreedAfterMs: this.#agreedAfterMs, linesAMinute: lines },
      refreshes: refreshes.length,
      ownRefreshes,
      early: early.length,
      logins: ledger.issues.length - refreshes.length,
      refusals: ledger.refusals,
      looks: this.#watch.looks,
      leastLeftMs: this.#watch.leastLeftMs,
      received: received.reduce((sum, [, issues]) => sum + issues.length, 0),
    };
  }
}

/** Somebody leads, and every receiver holds one and the same token. */
async function allHoldTheSame(stage: Stage, isMeant: (issue: Issue) => boolean = () => true): Promise<boolean> {
  const { hosts, ledger } = stage;
  if (!hosts.some(({ leads }) => leads)) return false;
  const all = await Promise.all(hosts.map((host) => host.held()));
  const issues = all.map((each) => ('fingerprint' in each ? ledger.find(each.fingerprint) : undefined));
  const [first] = issues;
  return first !== undefined && isMeant(first) && issues.every((issue) => issue === first);
}

async function held({ hosts, ledger }: Stage): Promise<string> {
  const texts = await Promise.all(
    hosts.map(async (host) => {
      const token = await host.held();
      const issue = 'fingerprint' in token ? ledger.find(token.fingerprint) : undefined;
      return `${host.name} ${issue === undefined ? 'none' : issueText(issue)}`;
    }),
  );
  return texts.join('; ');
}

/** The lines of a log begin with the minute. */
function fullestMinute(lines: readonly string[]): number {
  const counts = new Map<string, number>();
  for (const line of lines) {
    const minute = line.slice(0, '[2026-01-01 12:00'.length);
    counts.set(minute, (counts.get(minute) ?? 0) + 1);
  }
  return Math.max(...counts.values());
}

function issueText({ number, host, login, isOwn, atMs }: Issue): string {
  return `#${number} of ${host}${isOwn ? ' on its own' : ''} (login ${login}, at ${(atMs / 1_000).toFixed(1)} s)`;
}
