import { BareBody, unexpectedCharacter } from './bare-body.ts';
import { type Body, type DecodeStep, INCOMPLETE, notUtf8, rejected, tooLarge } from './decode-step.ts';
import { JsonBody } from './json-body.ts';

/** The size limit of a message in bytes, if nothing else is set. A message of exactly this size is accepted. */
export const DEFAULT_MAX_TOKEN_SIZE = 8192;

const SPACE = 0x20;
const TAB = 0x09;
const CARRIAGE_RETURN = 0x0d;
const LINE_FEED = 0x0a;
const OPENING_BRACE = 0x7b;
const BYTE_ORDER_MARK: Uint8Array = Uint8Array.of(0xef, 0xbb, 0xbf);

/**
 * Reads one message from bytes in any split. The verdict comes with the earliest byte that decides, and stays the same
 * whatever is pushed afterwards.
 *
 * Before a JSON object a byte order mark, spaces, tabs, CRs and newlines are skipped. A newline is skipped only if the brace
 * comes in the same piece: an empty line is answered at once, and does not wait for what may follow. That is all that a split
 * can change, and only into `empty`: without a newline before its brace, a message has the same verdict in any split.
 *
 * Never throws. Holds at most `maxBytes` of the input.
 */
export class MessageDecoder {
  readonly #maxBytes: number;
  #markBytes = 0;
  #blanks = 0;
  #body: Body | undefined;
  #verdict: DecodeStep = INCOMPLETE;

  /** `maxBytes`: the limit for the message itself, and again for white space before it. Default 8192. */
  constructor(options: { maxBytes?: number } = {}) {
    this.#maxBytes = options.maxBytes ?? DEFAULT_MAX_TOKEN_SIZE;
  }

  push(chunk: Uint8Array): DecodeStep {
    if (this.#verdict.status === 'incomplete') this.#verdict = this.#body?.push(chunk) ?? this.#begin(chunk);
    return this.#verdict;
  }

  /** The input has ended: never `incomplete`. */
  end(): DecodeStep {
    if (this.#verdict.status === 'incomplete') this.#verdict = this.#body?.end() ?? this.#endBeforeBody();
    return this.#verdict;
  }

  #begin(chunk: Uint8Array): DecodeStep {
    let index = this.#skipMark(chunk);
    const isMarkCutOff = this.#isMarkCutOff();
    if (index === chunk.length) return INCOMPLETE;
    if (isMarkCutOff) return this.#beginBare(chunk.subarray(index));
    let hasNewline = false;
    for (; index < chunk.length; index++) {
      const byte = chunk[index];
      if (byte === OPENING_BRACE) return this.#beginJson(index === 0 ? chunk : chunk.subarray(index));
      if (byte === LINE_FEED) hasNewline = true;
      else if (byte !== SPACE && byte !== TAB && byte !== CARRIAGE_RETURN) break;
      if (++this.#blanks > this.#maxBytes) return hasNewline ? emptyLine() : tooLarge(this.#maxBytes);
    }
    if (hasNewline) return emptyLine();
    if (index === chunk.length) return INCOMPLETE;
    return this.#blanks + this.#markBytes > 0 ? unexpectedCharacter() : this.#beginBare(chunk);
  }

  /** The index after what these bytes have of a byte order mark, which must be the first thing of all. */
  #skipMark(chunk: Uint8Array): number {
    let index = 0;
    if (this.#blanks > 0) return index;
    while (index < chunk.length && chunk[index] === BYTE_ORDER_MARK[this.#markBytes]) {
      this.#markBytes++;
      index++;
    }
    return index;
  }

  #isMarkCutOff(): boolean {
    return this.#markBytes > 0 && this.#markBytes < BYTE_ORDER_MARK.length;
  }

  #beginJson(bytes: Uint8Array): DecodeStep {
    this.#body = new JsonBody(this.#maxBytes);
    return this.#body.push(bytes);
  }

  /** What looked like a byte order mark so far belongs to the token. */
  #beginBare(bytes: Uint8Array): DecodeStep {
    this.#body = new BareBody(this.#maxBytes);
    this.#body.push(BYTE_ORDER_MARK.subarray(0, this.#markBytes));
    return this.#body.push(bytes);
  }

  #endBeforeBody(): DecodeStep {
    return this.#isMarkCutOff() ? notUtf8() : rejected('empty', 'the input ended before a message began');
  }
}

function emptyLine(): DecodeStep {
  return rejected('empty', 'the first line is empty');
}
