/** So many are visited before everything else has a turn: about a millisecond's work. */
const AT_A_TIME = 128;

/**
 * Visits every member after `start`, some at a time: once, or twice if others come and go meanwhile. A start in the midst of it begins a
 * new round where the last one has come to, so that nobody is passed over for ever; and nobody is always the first.
 */
export class Turns<Member extends object> {
  readonly #members = new Set<Member>();
  readonly #visit: (member: Member) => void;
  #cursor = this.#members.values();
  #left = 0;
  #next: NodeJS.Immediate | undefined;

  constructor(visit: (member: Member) => void) {
    this.#visit = visit;
  }

  get size(): number {
    return this.#members.size;
  }

  add(member: Member): void {
    this.#members.add(member);
    // It will be met on the way: nobody else must lose a turn to it.
    if (this.#left > 0) this.#left += 1;
  }

  delete(member: Member): boolean {
    return this.#members.delete(member);
  }

  /** The first visits are made before it returns. */
  start(): void {
    this.#left = this.#members.size;
    if (this.#next !== undefined) return;
    // A round ends where it began: those who were first are last now.
    if (this.#left > AT_A_TIME) for (let count = AT_A_TIME; count > 0; count -= 1) this.#following();
    this.#go();
  }

  /** Ends the round, and gives all members back, to be ended. */
  clear(): readonly Member[] {
    this.#left = 0;
    const members = [...this.#members];
    this.#members.clear();
    return members;
  }

  #go(): void {
    this.#next = undefined;
    for (let count = Math.min(AT_A_TIME, this.#left); count > 0; count -= 1) {
      const member = this.#following();
      if (member === undefined) {
        this.#left = 0;
        return;
      }
      this.#left -= 1;
      this.#visit(member);
    }
    if (this.#left > 0) this.#next = setImmediate(() => this.#go());
  }

  #following(): Member | undefined {
    const next = this.#cursor.next();
    if (next.done !== true) return next.value;
    this.#cursor = this.#members.values();
    const first = this.#cursor.next();
    return first.done === true ? undefined : first.value;
  }
}
