/**
 * Chance that can be repeated: the same seed, the same numbers (sfc32, public domain). Not that of tests/seeded: the seeds that
 * docs/proof/simulation.md and the fixed plans name would stand for other months.
 */

export class Random {
  #a: number;
  #b: number;
  #c: number;
  #counter = 1;

  /** @param stream another name, other numbers */
  constructor(seed: number, stream: string) {
    let hash = 0x811c9dc5;
    for (const character of stream) hash = Math.imul(hash ^ character.charCodeAt(0), 0x01000193);
    [this.#a, this.#b, this.#c] = [seed | 0, Math.floor(seed / 2 ** 32) | 0, hash];
    for (let round = 0; round < 15; round += 1) this.next();
  }

  /** At least 0, less than 1. */
  readonly next = (): number => {
    const sum = (((this.#a + this.#b) | 0) + this.#counter) | 0;
    this.#counter = (this.#counter + 1) | 0;
    this.#a = this.#b ^ (this.#b >>> 9);
    this.#b = (this.#c + (this.#c << 3)) | 0;
    this.#c = ((this.#c << 21) | (this.#c >>> 11)) + sum;
    return (sum >>> 0) / 2 ** 32;
  };

  chance(share: number): boolean {
    return this.next() < share;
  }

  /** A whole number from `least` to `most`, both included. */
  whole(least: number, most: number): number {
    return least + Math.floor(this.next() * (most - least + 1));
  }

  /** From `least` to `most`, as likely within each power of ten: seconds as often as days. */
  spread(least: number, most: number): number {
    return Math.round(least * (most / least) ** this.next());
  }

  pick<Item>(items: readonly [Item, ...Item[]]): Item {
    return items[this.whole(0, items.length - 1)] ?? items[0];
  }
}
