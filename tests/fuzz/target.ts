/** What can be fuzzed: a target takes bytes, hands them to the product, and says which promise it broke. */
import type fc from 'fast-check';

/**
 * - `crash`: it threw something that is no documented error, or answered 500
 * - `hang`: it did not come to an end in time
 * - `leak`: memory or descriptors grow with the number of inputs
 * - `secret`: a secret of the input stands in a message, a cause or a log line
 * - `schema`: it accepted what the published schema or the specification refuses, or the other way round
 * - `split`: the outcome depends on how the bytes were split
 * - `round_trip`: what it wrote is not what it reads
 * - `bounds`: a value or a size is beyond what is promised
 */
export type BrokenPromise = 'crash' | 'hang' | 'leak' | 'secret' | 'schema' | 'split' | 'round_trip' | 'bounds';

export class FuzzFinding extends Error {
  override readonly name = 'FuzzFinding';
  readonly promise: BrokenPromise;

  constructor(promise: BrokenPromise, message: string) {
    super(message);
    this.promise = promise;
  }
}

export interface OpenTarget {
  /** Throws a FuzzFinding for a promise that is broken; whatever else it throws is a crash. */
  readonly check: (input: Uint8Array) => void | Promise<void>;
  readonly close?: () => void | Promise<void>;
}

export interface FuzzTarget {
  readonly name: string;
  /** What the input is fed to, for the report. */
  readonly feeds: string;
  /** Inputs that are nearly right. */
  readonly inputs: fc.Arbitrary<Uint8Array>;
  /** Words that mutations put in. */
  readonly dictionary: readonly string[];
  /** How many inputs the long run and the short one have. */
  readonly runs: { readonly long: number; readonly short: number };
  /** No mutation makes a longer one. */
  readonly maxBytes: number;
  /** Whether V8's coverage leads the mutations: for what runs in this process without a socket in between. */
  readonly isGuided: boolean;
  readonly open: () => OpenTarget | Promise<OpenTarget>;
}

export function demand(isKept: boolean, promise: BrokenPromise, message: string): asserts isKept {
  if (!isKept) throw new FuzzFinding(promise, message);
}
