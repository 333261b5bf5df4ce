/** Where the inputs of a run come from: generators, and mutations of what was worth keeping. */
import fc from 'fast-check';
import { corpusOf } from './corpus.ts';
import { mutate } from './mutate.ts';
import { seeded, type Random } from '../seeded/seeded.ts';
import { below } from './random.ts';
import type { FuzzTarget } from './target.ts';

/** So many are made at a time: to set fast-check up costs as much as ten inputs. */
const AT_A_TIME = 128;
/** The pool is kept within this; what comes then takes the place of another. */
const MAX_KEPT = 1_000;
const MAX_KEPT_BYTES = 16 * 1024 ** 2;

export class InputSource {
  readonly #target: FuzzTarget;
  readonly #random: Random;
  readonly #corpus: readonly Uint8Array[];
  readonly #kept: Uint8Array[] = [];
  #generated: Uint8Array[] = [];
  #keptBytes = 0;

  constructor(target: FuzzTarget, seed: number) {
    this.#target = target;
    this.#random = seeded(seed);
    this.#corpus = corpusOf(target.name).map(({ bytes }) => bytes);
  }

  get kept(): number {
    return this.#kept.length;
  }

  get keptBytes(): number {
    return this.#keptBytes;
  }

  /** A third as it was generated, the rest mutated: of these a quarter from generated ones. */
  next(): Uint8Array {
    const random = this.#random;
    const kind = random();
    if (kind < 1 / 3) return this.#generate();
    const from = kind < 1 / 2 ? this.#generate() : this.#old();
    const { dictionary, maxBytes } = this.#target;
    return mutate(from, { random, dictionary, other: this.#old(), maxBytes });
  }

  /** This one led to something new: others are made from it. */
  keep(input: Uint8Array): void {
    if (this.#kept.length >= MAX_KEPT || this.#keptBytes + input.length > MAX_KEPT_BYTES) {
      const [removed] = this.#kept.splice(below(this.#random, this.#kept.length), 1);
      this.#keptBytes -= removed?.length ?? 0;
      if (this.#keptBytes + input.length > MAX_KEPT_BYTES) return;
    }
    this.#kept.push(input);
    this.#keptBytes += input.length;
  }

  #old(): Uint8Array {
    const at = below(this.#random, this.#corpus.length + this.#kept.length);
    return this.#corpus[at] ?? this.#kept[at - this.#corpus.length] ?? this.#generate();
  }

  #generate(): Uint8Array {
    if (this.#generated.length === 0) {
      const seed = below(this.#random, 2 ** 31);
      this.#generated = fc.sample(this.#target.inputs, { seed, numRuns: AT_A_TIME });
    }
    const input = this.#generated.pop() ?? new Uint8Array();
    return input.length > this.#target.maxBytes ? input.subarray(0, this.#target.maxBytes) : input;
  }
}
