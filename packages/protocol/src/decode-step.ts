import type { ExpiryNotation, TokenMessage } from './message.ts';
import type { RejectionCode } from './rejection.ts';

/** What is known after some bytes. `detail` is for a log: it names what is wrong and repeats nothing of the input. */
export type DecodeStep =
  | { status: 'incomplete' }
  | { status: 'complete'; message: TokenMessage; form: 'json' | 'bare'; expiryNotation: ExpiryNotation }
  | { status: 'rejected'; code: RejectionCode; detail: string };

/** One form of a message being read: bytes in any split, until a step is no longer `incomplete`. */
export type Body = { push: (bytes: Uint8Array) => DecodeStep; end: () => DecodeStep };

export const INCOMPLETE: DecodeStep = { status: 'incomplete' };

export function rejected(code: RejectionCode, detail: string): DecodeStep {
  return { status: 'rejected', code, detail };
}

export function tooLarge(maxBytes: number): DecodeStep {
  return rejected('too_large', `the message has more than ${maxBytes} bytes`);
}

export function notUtf8(): DecodeStep {
  return rejected('not_utf8', 'the message is not UTF-8');
}
