/** Numbers at random that a seed decides: the same seed gives the same plan. */
import { seeded } from '../seeded/seeded.ts';

export class Random {
  /** From 0 up to and without 1. */
  readonly next: () => number;

  constructor(...seeds: readonly number[]) {
    this.next = seeded(seeds.reduce((state, seed) => Math.imul(state ^ seed, 0x9e3779b1) >>> 0, 0x2545f491));
  }

  /** A whole number, both ends included. */
  between(from: number, to: number): number {
    return from + Math.floor(this.next() * (to - from + 1));
  }

  pick<T>(values: readonly [T, ...T[]]): T {
    return values[this.between(0, values.length - 1)] ?? values[0];
  }

  shuffled<T>(values: readonly T[]): T[] {
    return values
      .map((value) => ({ value, rank: this.next() }))
      .sort((one, other) => one.rank - other.rank)
      .map(({ value }) => value);
  }
}
