// Every platform has a TextDecoder, and this package is compiled without the types of any (WHATWG Encoding, section 7.1).
declare class TextDecoder {
  constructor(label: 'utf-8', options: { fatal: boolean; ignoreBOM: boolean });
  decode(bytes?: Uint8Array, options?: { stream: boolean }): string;
}

const STRICT = { fatal: true, ignoreBOM: true };
const whole = new TextDecoder('utf-8', STRICT);

/** Decodes UTF-8 that arrives in pieces; undefined as soon as the bytes cannot be UTF-8. */
export class Utf8Pieces {
  #decoder: TextDecoder | undefined;

  /** `last` also refuses a character that is cut off at the end of these bytes. */
  decode(bytes: Uint8Array, last: boolean): string | undefined {
    try {
      // A message that comes in one piece, as nearly all do, needs no decoder of its own.
      if (last) return (this.#decoder ?? whole).decode(bytes);
      this.#decoder ??= new TextDecoder('utf-8', STRICT);
      return this.#decoder.decode(bytes, { stream: true });
    } catch {
      return undefined;
    }
  }
}
