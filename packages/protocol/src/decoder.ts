import { BareBody, unexpectedCharacter } from './bare-body.ts';
import { type Body, type DecodeStep, INCOMPLETE, rejected, tooLarge } from './decode-step.ts';
import { JsonBody } from './json-body.ts';

/** The size limit of a message in bytes, if nothing else is set. A message of exactly this size is accepted. */
export const DEFAULT_MAX_TOKEN_SIZE = 8192;

const LINE_FEED = 0x0a;
const OPENING_BRACE = 0x7b;
const BLANKS: readonly (number | undefined)[] = [0x20, 0x09, 0x0d];

/**
 * Reads one message from bytes in any split: the verdict never depends on the split. It comes with the earliest byte that
 * decides, and stays the same whatever is pushed afterwards.
 *
 * Never throws. Holds at most `maxBytes` of the input.
 */
export class MessageDecoder {
  readonly #maxBytes: number;
  #blanks = 0;
  #body: Body | undefined;
  #verdict: DecodeStep = INCOMPLETE;

  /** `maxBytes`: the limit for the message itself, and again for blanks before it. Default 8192. */
  constructor(options: { maxBytes?: number } = {}) {
    this.#maxBytes = options.maxBytes ?? DEFAULT_MAX_TOKEN_SIZE;
  }

  push(chunk: Uint8Array): DecodeStep {
    if (this.#verdict.status === 'incomplete') this.#verdict = this.#body?.push(chunk) ?? this.#begin(chunk);
    return this.#verdict;
  }

  /** The input has ended: never `incomplete`. */
  end(): DecodeStep {
    if (this.#verdict.status === 'incomplete') {
      this.#verdict = this.#body?.end() ?? rejected('empty', 'the input ended before a message began');
    }
    return this.#verdict;
  }

  #begin(chunk: Uint8Array): DecodeStep {
    const first = chunk.findIndex((byte) => !BLANKS.includes(byte));
    this.#blanks += first === -1 ? chunk.length : first;
    if (this.#blanks > this.#maxBytes) return tooLarge(this.#maxBytes);
    if (first === -1) return INCOMPLETE;
    if (chunk[first] === LINE_FEED) return rejected('empty', 'the first line is empty');
    if (chunk[first] === OPENING_BRACE) this.#body = new JsonBody(this.#maxBytes);
    else if (this.#blanks > 0) return unexpectedCharacter();
    else this.#body = new BareBody(this.#maxBytes);
    return this.#body.push(chunk.subarray(first));
  }
}
