/** A month: the plan's events, the machine, Schwab, and the promises that are looked after at every step. */
import { settle, SimulatedClock, START_MS } from './clock.ts';
import { HTTP_TIMEOUT_MS } from './bounds.ts';
import { Disk } from './disk.ts';
import { momentWords } from './journal.ts';
import { Machine } from './machine.ts';
import { People } from './people.ts';
import type { Plan, PlanEvent } from './plan-events.ts';
import { Random } from './random.ts';
import { Receiver, TARGETS } from './receivers.ts';
import { told, type Happening, type PromiseCheck, type Scene, type SenderView } from './scene.ts';
import { Schwab } from './schwab.ts';
import { count, nothing, type Tally } from './tally.ts';

export interface Breach {
  readonly promise: string;
  readonly what: string;
  /** since the start, true time */
  readonly atMs: number;
}

export interface Month {
  readonly breach: Breach | undefined;
  readonly tally: Tally;
}

export class World implements Scene {
  readonly clock: SimulatedClock = new SimulatedClock();
  readonly schwab: Schwab;
  readonly disk: Disk;
  readonly receivers: readonly Receiver[];
  sender: SenderView;
  readonly #tally: Tally = nothing();
  readonly #machine: Machine;
  readonly #people: People;
  readonly #checks: readonly PromiseCheck[];
  readonly #plan: Plan;
  readonly #journal: ((line: string) => void) | undefined;
  #breach: Breach | undefined;

  /** @param journal takes a line for everything that happens */
  constructor(plan: Plan, checks: readonly PromiseCheck[], journal?: (line: string) => void) {
    const { seed, rotation, expiresIn } = plan;
    this.#plan = plan;
    this.#checks = checks;
    this.#journal = journal;
    const { clock } = this;
    const tell = (happening: Happening) => this.#tell(happening);
    const schwab = new Schwab(clock.trueMs, new Random(seed, 'schwab'), rotation, expiresIn);
    const disk = new Disk(clock.trueMs, {
      onSaved: (tokenSet) => tell({ kind: 'saved', tokenSet }),
      onSaveFailed: (tokenSet) => tell({ kind: 'save_failed', tokenSet }),
      onChanged: () => this.#machine.tokenFileChanged(),
    });
    const chance = new Random(seed, 'receivers');
    const receivers = TARGETS.map(({ name }) => new Receiver(name, clock, chance));
    const machine = new Machine({ clock, schwab, disk, receivers, tell }, seed);
    this.schwab = schwab;
    this.disk = disk;
    this.receivers = receivers;
    this.#machine = machine;
    this.#people = new People({ clock, schwab, disk, machine, tell });
    this.sender = machine.view();
  }

  async run(): Promise<Month> {
    const { clock } = this;
    const { events, lengthMs } = this.#plan;
    const endMs = START_MS + lengthMs;
    this.#people.logIn('other_program', 0);
    clock.advanceTo(clock.nextTrueMs());
    clock.ring();
    await this.#machine.start();
    let isKept = await this.#step();
    for (let next = 0; isKept;) {
      const event = events[next];
      const eventAtMs = event === undefined ? Infinity : START_MS + event.atMs;
      const timerAtMs = clock.nextTrueMs();
      if (Math.min(eventAtMs, timerAtMs) > endMs) break;
      if (event !== undefined && eventAtMs <= timerAtMs) {
        clock.advanceTo(eventAtMs);
        next += 1;
        this.#tell({ kind: 'planned', event });
        this.#apply(event);
      } else {
        clock.advanceTo(timerAtMs);
        clock.ring();
      }
      isKept = await this.#step();
    }
    const month = { breach: this.#breach, tally: this.#tally };
    this.#machine.crash();
    return month;
  }

  /** Lets everything happen that follows from what just did, and looks after the promises. False: one is broken. */
  async #step(): Promise<boolean> {
    await settle();
    this.#tally.steps += 1;
    this.sender = this.#machine.view();
    for (const check of this.#checks) this.#judge(check.name, check.look?.(this));
    const { failure } = this.#machine;
    this.#judge('the sender goes on', failure?.stack ?? failure?.message);
    return this.#breach === undefined;
  }

  #tell(happening: Happening): void {
    count(this.#tally, happening);
    const { kind } = happening;
    // What is said and done is judged by what was known then.
    if (kind === 'hook' || kind === 'error_line' || kind === 'asked') this.sender = this.#machine.view();
    this.#journal?.(`${momentWords(this.clock)} ${JSON.stringify(happening)}`);
    for (const check of this.#checks) this.#judge(check.name, told(check, happening, this));
  }

  #judge(promise: string, what: string | undefined): void {
    if (what === undefined || this.#breach !== undefined) return;
    this.#breach = { promise, what, atMs: this.clock.trueMs() - START_MS };
    this.#journal?.(`${momentWords(this.clock)} BROKEN: ${promise}: ${what}`);
  }

  #apply(event: PlanEvent): void {
    const { schwab, disk, clock } = this;
    const machine = this.#machine;
    switch (event.kind) {
      case 'outage':
      case 'overload':
      case 'slow':
      case 'refused_for':
      case 'unauthorized_for':
      case 'odd_refusals':
      case 'odd_unauthorized':
      case 'lost_answers':
        schwab.trouble(event);
        break;
      case 'revoke':
        schwab.revoke();
        break;
      case 'login':
        this.#people.logIn(event.by, event.fileAfterMs);
        break;
      case 'login_elsewhere':
        schwab.logIn();
        break;
      case 'other_refresh':
        this.#people.refreshWithOtherProgram();
        break;
      case 'older_file':
      case 'broken_file':
      case 'removed_file':
        this.#people.spoilTokenFile(event.kind);
        break;
      case 'clock':
        clock.setWall(event.byMs);
        break;
      case 'suspend':
        clock.suspend(event.forMs);
        break;
      case 'disk_full':
        disk.fill(event.forMs);
        break;
      case 'receiver':
        this.receivers[event.receiver]?.suffer(event.how, event.forMs);
        break;
      case 'asked':
        for (let time = 0; time < event.times; time += 1) clock.after(time * event.everyMs, () => machine.ask());
        break;
      case 'reload':
        machine.reload();
        break;
      case 'restart':
        this.#restart(event);
    }
  }

  #restart({ how, downMs }: Extract<PlanEvent, { kind: 'restart' }>): void {
    if (this.sender.status !== 'up') return;
    if (how === 'crash') this.#machine.crash();
    else this.#machine.stop();
    // A stop may first have to wait for an answer.
    this.clock.after(how === 'crash' ? downMs : downMs + 2 * HTTP_TIMEOUT_MS, () => void this.#machine.start());
  }
}
