/** Round after round of chaos, and a quiet look at what is left after each. */
import { cpus, loadavg } from 'node:os';
import { Faults } from './faults.ts';
import { Load } from './load.ts';
import { fullestMinute, mostSaid, MOST_LINES_A_MINUTE, kindsOfSecretIn } from './log-checks.ts';
import { memoryComplaints } from './memory.ts';
import { planRound, type RoundShape, type Strike } from './plan.ts';
import { newestOfSchwab, recovered, settled, usedBefore, type Facts } from './quiet.ts';
import { Random } from './random.ts';
import { Stage } from './stage.ts';
import { invalidities } from './validity.ts';
import { Generations, TokenBook, Witness } from './witness.ts';

const STARTED_WITHIN_MS = 20_000;

export interface RoundResult {
  readonly round: number;
  readonly strikes: readonly Strike[];
  /** From the end of the last fault until everybody had the newest token. */
  readonly recoveredMs: number;
  /** When all was quiet. */
  readonly facts: Facts;
  /** The average of a minute, divided by the cores. */
  readonly load: number;
}

export interface CampaignOptions {
  /** An empty folder. */
  readonly folder: string;
  readonly seed: number;
  readonly shape: RoundShape;
}

export class Campaign {
  readonly witness: Witness;
  readonly book: TokenBook;
  readonly results: RoundResult[] = [];
  readonly stage: Stage;
  readonly faults: Faults;
  readonly #options: CampaignOptions;
  readonly #generations: Readonly<Record<'receiver-a' | 'receiver-b', Generations>>;
  #before: Facts | undefined;

  private constructor(options: CampaignOptions, stage: Stage, witness: Witness) {
    this.#options = options;
    this.stage = stage;
    this.witness = witness;
    this.book = new TokenBook(witness);
    this.faults = new Faults(stage);
    this.#generations = { 'receiver-a': new Generations(witness), 'receiver-b': new Generations(witness) };
  }

  /** Resolves when everything runs, and what it uses before the chaos is known. */
  static async open(options: CampaignOptions): Promise<Campaign> {
    const witness = new Witness();
    const stage = await Stage.open(options.folder, witness);
    const campaign = new Campaign(options, stage, witness);
    try {
      await campaign.#lookBefore();
      return campaign;
    } catch (error) {
      await stage.close();
      const lines = stage.all().flatMap((daemon) => daemon.lines().slice(-20));
      throw new Error(`Nothing was done yet, and it did not work; printed:\n${lines.join('\n')}`, { cause: error });
    }
  }

  /** Resolves with whether all promises were kept; what was not is in the witness's complaints. */
  async run(round: number): Promise<boolean> {
    const strikes = planRound(this.#options.seed, round, this.#options.shape);
    try {
      const load = this.#begin(round);
      let recoveredMs: number;
      try {
        await this.faults.run(strikes);
        await load.endWriting();
        recoveredMs = await recovered(this.stage, this.book, load);
      } finally {
        await load.end();
      }
      const facts = await settled(this.stage, this.#before ?? (await usedBefore(this.stage)));
      this.results.push({ round, strikes, recoveredMs, facts, load: (loadavg()[0] ?? 0) / cpus().length });
      await this.#look();
    } catch (error) {
      this.witness.complain(error instanceof Error ? error.message : String(error));
    }
    return this.witness.complaints.length === 0;
  }

  /** How much the fullest minute of any log had. */
  fullestMinute(): number {
    return Math.max(...this.stage.all().map((daemon) => fullestMinute(daemon.lines()).length));
  }

  /** Why the run so far is no proof. */
  invalidities(tookMs: number): string[] {
    return invalidities({
      minutes: tookMs / 60_000,
      faults: this.results.flatMap(({ strikes }) => strikes.map(({ fault }) => fault)),
      counts: this.witness.counts,
      quiets: this.results.map(({ facts }) => facts),
      load: Math.max(0, ...this.results.map(({ load }) => load)),
      isUserOrdinary: this.stage.isUserOrdinary,
    });
  }

  async close(): Promise<void> {
    await this.stage.close();
  }

  #begin(round: number): Load {
    const { stage, witness, book } = this;
    const { planted } = this.faults;
    const random = new Random(this.#options.seed, round, 3);
    return new Load({ stage, witness, book, generations: this.#generations, planted, random });
  }

  async #lookBefore(): Promise<void> {
    const load = this.#begin(-1);
    try {
      await load.endWriting();
      await recovered(this.stage, this.book, load, STARTED_WITHIN_MS);
    } finally {
      await load.end();
    }
    this.#before = await usedBefore(this.stage);
  }

  async #look(): Promise<void> {
    await newestOfSchwab(this.stage, this.book);
    this.book.judgeSeen();
    for (const daemon of this.stage.all()) {
      const lines = daemon.lines();
      for (const what of kindsOfSecretIn(lines.join('\n')))
        this.witness.complain(`${what} is in the output of ${daemon.name}`);
      const fullest = fullestMinute(lines);
      if (fullest.length > MOST_LINES_A_MINUTE)
        this.witness.complain(`${daemon.name} wrote ${fullest.length} lines in one minute: ${mostSaid(fullest)}`);
    }
    for (const { name, text } of this.stage.logFiles()) {
      for (const what of kindsOfSecretIn(text)) this.witness.complain(`${what} is in ${name}`);
    }
    for (const complaint of memoryComplaints(this.results.map(({ facts }) => facts))) this.witness.complain(complaint);
  }
}
