/** What is chosen at random, and repeated by a seed or an input. */
import { seeded, type Random } from '../seeded/seeded.ts';

/** A whole number from 0 to `bound` - 1. */
export function below(random: Random, bound: number): number {
  return Math.floor(random() * bound);
}

export function pick<T>(random: Random, from: readonly [T, ...T[]]): T {
  return from[below(random, from.length)] ?? from[0];
}

/** FNV-1a. */
export function hashOf(bytes: Uint8Array): number {
  let hash = 0x811c9dc5;
  for (const byte of bytes) hash = Math.imul(hash ^ byte, 0x01000193);
  return hash >>> 0;
}

/** What a target decides by chance (where to split, when to hang up) it takes from its input, so that the input alone repeats it. */
export function randomOf(input: Uint8Array): Random {
  return seeded(hashOf(input));
}

/** The bytes in one to `most` pieces, none of them empty. */
export function inPieces(random: Random, bytes: Uint8Array, most: number): Uint8Array[] {
  const cuts = Array.from({ length: below(random, most) }, () => below(random, bytes.length + 1));
  const places = [0, ...cuts.sort((left, right) => left - right), bytes.length];
  return places.map((from, index) => bytes.subarray(from, places[index + 1])).filter((piece) => piece.length > 0);
}
