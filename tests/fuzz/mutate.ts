/** Changes an input at random: a few bits, a word, a block, the end. */
import type { Random } from '../seeded/seeded.ts';
import { below, pick } from './random.ts';

export interface MutationContext {
  readonly random: Random;
  readonly dictionary: readonly string[];
  /** Another input, to take a part of. */
  readonly other: Uint8Array;
  readonly maxBytes: number;
}

type Mutation = (bytes: Uint8Array, context: MutationContext) => Uint8Array;

const encoder = new TextEncoder();

/** Numbers at which something changes: signs, sizes, times. */
const NUMBERS = [
  '-1', '0', '1', '9', '255', '256', '4096', '8191', '8192', '8193', '65535', '65536', '2147483647', '2147483648', '4294967295',
  '99999999999', '100000000000', '8640000000000000', '8640000000000001', '9007199254740991', '9007199254740993', '1e308', '1e309',
  '-0', '0.5', '1e-7', '18446744073709551616', '1762984855',
] as const; // prettier-ignore
/** What texts are made of, and what must not be in them. */
const BYTES = [0x00, 0x09, 0x0a, 0x0d, 0x20, 0x22, 0x27, 0x3a, 0x5c, 0x5b, 0x5d, 0x7b, 0x7d, 0x7f, 0x80, 0xbf, 0xc0, 0xed, 0xef, 0xff] as const; // prettier-ignore

const mutations: readonly [Mutation, ...Mutation[]] = [
  function flipBit(bytes, { random }) {
    const copy = new Uint8Array(bytes);
    const at = below(random, bytes.length);
    copy[at] = (copy[at] ?? 0) ^ (1 << below(random, 8));
    return copy;
  },
  function setByte(bytes, { random }) {
    const copy = new Uint8Array(bytes);
    copy[below(random, bytes.length)] = random() < 0.5 ? pick(random, BYTES) : below(random, 256);
    return copy;
  },
  function insertByte(bytes, { random }) {
    return splice(bytes, below(random, bytes.length + 1), 0, Uint8Array.of(pick(random, BYTES)));
  },
  function insertWord(bytes, { random, dictionary }) {
    const word = dictionary[below(random, dictionary.length)] ?? '';
    return splice(bytes, below(random, bytes.length + 1), 0, encoder.encode(word));
  },
  function replaceByWord(bytes, { random, dictionary }) {
    const word = dictionary[below(random, dictionary.length)] ?? '';
    return splice(bytes, below(random, bytes.length + 1), 1 + below(random, word.length + 8), encoder.encode(word));
  },
  function replaceNumber(bytes, { random }) {
    const start = bytes.findIndex((byte, index) => index >= below(random, bytes.length + 1) && byte >= 0x30 && byte <= 0x39);
    const at = start === -1 ? below(random, bytes.length + 1) : start;
    let end = at;
    while (end < bytes.length && (bytes[end] ?? 0) >= 0x30 && (bytes[end] ?? 0) <= 0x39) end++;
    return splice(bytes, at, end - at, encoder.encode(pick(random, NUMBERS)));
  },
  function removeBlock(bytes, { random }) {
    return splice(bytes, below(random, bytes.length), 1 + below(random, Math.min(bytes.length, 64)), new Uint8Array());
  },
  function cutOff(bytes, { random }) {
    return bytes.subarray(0, below(random, bytes.length));
  },
  function repeatBlock(bytes, { random }) {
    const from = below(random, bytes.length);
    const block = bytes.subarray(from, from + 1 + below(random, 64));
    const times = 1 + below(random, random() < 0.1 ? 2_000 : 8);
    const repeated = new Uint8Array(block.length * times);
    for (let index = 0; index < times; index++) repeated.set(block, index * block.length);
    return splice(bytes, from, 0, repeated);
  },
  function takePartOfOther(bytes, { random, other }) {
    const from = below(random, other.length + 1);
    const part = other.subarray(from, from + 1 + below(random, 256));
    return splice(bytes, below(random, bytes.length + 1), below(random, part.length + 1), part);
  },
  function goOnAsOther(bytes, { random, other }) {
    return splice(bytes, below(random, bytes.length + 1), bytes.length, other.subarray(below(random, other.length + 1)));
  },
]; // prettier-ignore

/** One to six changes. */
export function mutate(bytes: Uint8Array, context: MutationContext): Uint8Array {
  const { random, maxBytes } = context;
  let mutated = bytes;
  for (let left = 1 + below(random, random() < 0.2 ? 6 : 2); left > 0; left--) {
    mutated = mutated.length === 0 ? context.other : pick(random, mutations)(mutated, context);
  }
  return mutated.length > maxBytes ? mutated.subarray(0, maxBytes) : mutated;
}

function splice(bytes: Uint8Array, at: number, removed: number, inserted: Uint8Array): Uint8Array {
  const after = bytes.subarray(at + removed);
  const result = new Uint8Array(at + inserted.length + after.length);
  result.set(bytes.subarray(0, at));
  result.set(inserted, at);
  result.set(after, at + inserted.length);
  return result;
}
