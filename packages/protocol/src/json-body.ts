import { type Body, type DecodeStep, INCOMPLETE, notUtf8, rejected, tooLarge } from './decode-step.ts';
import { parseTokenMessage } from './message.ts';
import { isPlainText, parsePlainMessage } from './plain-message.ts';
import { Utf8Pieces } from './utf8.ts';

const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const OPENING_BRACE = 0x7b;
const CLOSING_BRACE = 0x7d;

/** A JSON object: it ends with the brace that closes it, and what follows is not looked at. */
export class JsonBody implements Body {
  readonly #maxBytes: number;
  readonly #utf8 = new Utf8Pieces();
  #text = '';
  #size = 0;
  #depth = 0;
  #inString = false;
  #escaped = false;

  constructor(maxBytes: number) {
    this.#maxBytes = maxBytes;
  }

  push(bytes: Uint8Array): DecodeStep {
    const within = firstBytes(bytes, this.#maxBytes - this.#size);
    const end = this.#findEnd(within);
    const own = firstBytes(within, end ?? within.length);
    const text = this.#utf8.decode(own, end !== undefined);
    if (text === undefined) return notUtf8();
    this.#text += text;
    this.#size += own.length;
    if (end !== undefined) return parseJson(this.#text, this.#size);
    return within.length < bytes.length ? tooLarge(this.#maxBytes) : INCOMPLETE;
  }

  end(): DecodeStep {
    return rejected('bad_json', `the input ended inside the JSON object, after ${this.#size} bytes`);
  }

  /** The index after the brace that closes the object, if it is in these bytes. */
  #findEnd(bytes: Uint8Array): number | undefined {
    let index = 0;
    while (index < bytes.length) {
      if (this.#inString) {
        index = this.#skipString(bytes, index);
        continue;
      }
      const byte = bytes[index++];
      if (byte === QUOTE) this.#inString = true;
      else if (byte === OPENING_BRACE) this.#depth++;
      else if (byte === CLOSING_BRACE && --this.#depth === 0) return index;
    }
    return undefined;
  }

  /**
   * From inside a string to after its next quote, which may be an escaped one, or to the end of the bytes. Tokens make nearly
   * all of a message, and so they are not looked at byte by byte.
   */
  #skipString(bytes: Uint8Array, from: number): number {
    const quote = bytes.indexOf(QUOTE, from);
    const stop = quote === -1 ? bytes.length : quote;
    let backslashes = 0;
    while (stop - backslashes > from && bytes[stop - backslashes - 1] === BACKSLASH) backslashes++;
    // An odd number of backslashes escapes what follows; one that was before these bytes counts if they go back to it.
    const isEscaped = (backslashes % 2 === 1) !== (this.#escaped && from + backslashes === stop);
    this.#escaped = isEscaped && quote === -1;
    this.#inString = isEscaped || quote === -1;
    return quote === -1 ? stop : quote + 1;
  }
}

/** A view costs more than all else that is done with a message of one piece. */
function firstBytes(bytes: Uint8Array, count: number): Uint8Array {
  return count < bytes.length ? bytes.subarray(0, count) : bytes;
}

function parseJson(text: string, size: number): DecodeStep {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    // The engine's message quotes the text, and with it the token.
    return rejected('bad_json', 'the message is not valid JSON');
  }
  const result = (isPlainText(text, size) ? parsePlainMessage(value) : undefined) ?? parseTokenMessage(value);
  return result.ok
    ? { status: 'complete', message: result.message, form: 'json', expiryNotation: result.expiryNotation }
    : rejected('bad_message', result.detail);
}
