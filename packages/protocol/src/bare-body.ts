import { decodeJwt } from 'jose/jwt/decode';
import { type Body, type DecodeStep, INCOMPLETE, notUtf8, rejected, tooLarge } from './decode-step.ts';
import { parseInstant } from './instant.ts';
import { Utf8Pieces } from './utf8.ts';

const LINE_FEED = 0x0a;
const CARRIAGE_RETURN = 0x0d;
const FIRST_PRINTABLE = 0x21;
const LAST_PRINTABLE = 0x7e;
const FIRST_BEYOND_ASCII = 0x80;

/** A bare access token: printable ASCII without spaces, ended by a newline or the end of input. */
export class BareBody implements Body {
  readonly #maxBytes: number;
  readonly #utf8 = new Utf8Pieces();
  #token = '';
  #size = 0;
  #state: 'token' | 'carriage_return' | 'beyond_ascii' = 'token';

  constructor(maxBytes: number) {
    this.#maxBytes = maxBytes;
  }

  push(bytes: Uint8Array): DecodeStep {
    let start = 0;
    for (let index = 0; index < bytes.length; index++) {
      const byte = bytes[index] ?? 0;
      if (this.#state === 'token' && byte >= FIRST_PRINTABLE && byte <= LAST_PRINTABLE) {
        if (++this.#size > this.#maxBytes) return tooLarge(this.#maxBytes);
        continue;
      }
      this.#append(bytes.subarray(start, index));
      start = bytes.length;
      const step = this.#takeOther(byte, bytes.subarray(index, index + 1));
      if (step.status !== 'incomplete') return step;
    }
    this.#append(bytes.subarray(start));
    return INCOMPLETE;
  }

  end(): DecodeStep {
    return this.#state === 'beyond_ascii' ? notUtf8() : complete(this.#token);
  }

  /** Only the bytes of a run of printable ASCII get here, so they are UTF-8. */
  #append(printable: Uint8Array): void {
    if (printable.length > 0) this.#token += this.#utf8.decode(printable, false) ?? '';
  }

  #takeOther(byte: number, bytes: Uint8Array): DecodeStep {
    if (this.#state === 'beyond_ascii' || (this.#state === 'token' && byte >= FIRST_BEYOND_ASCII)) {
      this.#state = 'beyond_ascii';
      const text = this.#utf8.decode(bytes, false);
      if (text === undefined) return notUtf8();
      return text === '' ? INCOMPLETE : unexpectedCharacter();
    }
    if (byte === LINE_FEED) return complete(this.#token);
    if (byte === CARRIAGE_RETURN && this.#state === 'token') {
      this.#state = 'carriage_return';
      return INCOMPLETE;
    }
    return unexpectedCharacter();
  }
}

/** What a bare token is told that has a space, a control character or anything beyond ASCII. */
export function unexpectedCharacter(): DecodeStep {
  return rejected('bad_message', 'a bare token is printable ASCII without spaces (a JSON message begins with a brace)');
}

function complete(accessToken: string): DecodeStep {
  const expiresAtMs = jwtExpiry(accessToken);
  return expiresAtMs === undefined
    ? { status: 'complete', message: { accessToken }, form: 'bare', expiryNotation: 'none' }
    : { status: 'complete', message: { accessToken, expiresAtMs }, form: 'bare', expiryNotation: 'jwt' };
}

/**
 * `exp` of a token that is a JWT (RFC 7519, section 4.1.4), if it is a time that can be. Its signature is the business of
 * whoever uses the token.
 */
function jwtExpiry(token: string): number | undefined {
  try {
    return parseInstant(decodeJwt(token).exp);
  } catch {
    return undefined;
  }
}
