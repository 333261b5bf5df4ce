/** The input that is being tried, in memory that both threads see: what a thread that hangs or dies was at. */

const HEADER_BYTES = 8;
const MAX_INPUT_BYTES = 2 * 1024 ** 2;

export class PresentInput {
  /** A count of the inputs so far, and the length of the present one. */
  readonly #header: Int32Array;
  readonly #bytes: Uint8Array;

  constructor(shared: SharedArrayBuffer) {
    this.#header = new Int32Array(shared, 0, 2);
    this.#bytes = new Uint8Array(shared, HEADER_BYTES);
  }

  static allocate(): SharedArrayBuffer {
    return new SharedArrayBuffer(HEADER_BYTES + MAX_INPUT_BYTES);
  }

  get count(): number {
    return Atomics.load(this.#header, 0);
  }

  set(input: Uint8Array): void {
    this.#bytes.set(input.length > MAX_INPUT_BYTES ? input.subarray(0, MAX_INPUT_BYTES) : input);
    Atomics.store(this.#header, 1, Math.min(input.length, MAX_INPUT_BYTES));
    Atomics.add(this.#header, 0, 1);
  }

  get(): Uint8Array {
    return this.#bytes.slice(0, Atomics.load(this.#header, 1));
  }
}
