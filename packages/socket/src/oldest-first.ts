/**
 * A value's place in an OldestFirst. A class: V8 may come to allocate an object literal in the old generation (allocation site pretenuring), where a
 * dead one would keep its connection, and a token, until the next full collection.
 */
export class Entry<T> {
  readonly value: T;
  atMs: number;
  isListed = false;
  older: Entry<T> | undefined;
  newer: Entry<T> | undefined;

  constructor(value: T, atMs: number) {
    this.value = value;
    this.atMs = atMs;
  }
}

/**
 * Values in the order of their times. Each comes in at the end: its time must not lie before those that are there. What is done to
 * one costs the same however many there are.
 */
export class OldestFirst<T> {
  #oldest: Entry<T> | undefined;
  #newest: Entry<T> | undefined;
  #size = 0;

  get size(): number {
    return this.#size;
  }

  get oldest(): Entry<T> | undefined {
    return this.#oldest;
  }

  add(value: T, atMs: number): Entry<T> {
    const entry = new Entry(value, atMs);
    this.#append(entry);
    return entry;
  }

  /** Does nothing to an entry that is not in it any more. */
  remove(entry: Entry<T>): void {
    if (!entry.isListed) return;
    if (entry.older === undefined) this.#oldest = entry.newer;
    else entry.older.newer = entry.newer;
    if (entry.newer === undefined) this.#newest = entry.older;
    else entry.newer.older = entry.older;
    entry.older = undefined;
    entry.newer = undefined;
    entry.isListed = false;
    this.#size--;
  }

  /** Moves an entry to the end, with a new time. */
  renew(entry: Entry<T>, atMs: number): void {
    this.remove(entry);
    entry.atMs = atMs;
    this.#append(entry);
  }

  *[Symbol.iterator](): Generator<T> {
    for (let entry = this.#oldest; entry !== undefined; entry = entry.newer) yield entry.value;
  }

  #append(entry: Entry<T>): void {
    entry.older = this.#newest;
    if (this.#newest === undefined) this.#oldest = entry;
    else this.#newest.newer = entry;
    this.#newest = entry;
    entry.isListed = true;
    this.#size++;
  }
}
