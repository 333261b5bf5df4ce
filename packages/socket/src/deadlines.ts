import { type Entry, OldestFirst } from './oldest-first.ts';

/**
 * Deadlines that are all equally far away. So they pass in the order in which they were set, and one timer serves them all; there is
 * none while there is no deadline.
 */
export class Deadlines<T> {
  readonly #afterMs: number;
  readonly #nowMs: () => number;
  readonly #onPassed: (value: T) => void;
  readonly #set = new OldestFirst<T>();
  #timer: NodeJS.Timeout | undefined;

  /** `nowMs`: milliseconds that only go forward. A deadline that has passed is none any more, unless `renew` sets it again. */
  constructor(afterMs: number, nowMs: () => number, onPassed: (value: T) => void) {
    this.#afterMs = afterMs;
    this.#nowMs = nowMs;
    this.#onPassed = onPassed;
  }

  set(value: T, nowMs: number): Entry<T> {
    const entry = this.#set.add(value, nowMs);
    this.#timer ??= this.#wakeIn(this.#afterMs);
    return entry;
  }

  /** Counts from now on. */
  renew(entry: Entry<T>, nowMs: number): void {
    this.#set.renew(entry, nowMs);
    this.#timer ??= this.#wakeIn(this.#afterMs);
  }

  clear(entry: Entry<T>): void {
    this.#set.remove(entry);
    if (this.#set.oldest === undefined) this.#sleep();
  }

  /** A copy of those whose deadline has not passed. */
  values(): T[] {
    return [...this.#set];
  }

  #wakeUp(): void {
    const nowMs = this.#nowMs();
    for (const entry of this.#passed(nowMs)) {
      this.#set.remove(entry);
      this.#onPassed(entry.value);
    }
    this.#sleep();
    const { oldest } = this.#set;
    if (oldest !== undefined) this.#timer = this.#wakeIn(oldest.atMs + this.#afterMs - nowMs);
  }

  #passed(nowMs: number): Entry<T>[] {
    const passed = [];
    for (
      let entry = this.#set.oldest;
      entry !== undefined && entry.atMs + this.#afterMs <= nowMs;
      entry = entry.newer
    ) {
      passed.push(entry);
    }
    return passed;
  }

  #wakeIn(ms: number): NodeJS.Timeout {
    return setTimeout(() => this.#wakeUp(), Math.ceil(ms));
  }

  #sleep(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
  }
}
