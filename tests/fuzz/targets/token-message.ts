/** A message on the token socket: the decoder and the message's schema, without a socket. */
import { formatReply, formatTokenMessage, MessageDecoder, parseReply, type DecodeStep } from '@token-relay/protocol';
import { Ajv2020 } from 'ajv/dist/2020.js';
import fc from 'fast-check';
import { readFileSync } from 'node:fs';
import { parseTokenMessage } from '../../../packages/protocol/src/message.ts';
import { asBytes, bytesOf, jsonText, objectText, timeValue, tokenText } from '../arbitraries.ts';
import { inPieces, pick, randomOf } from '../random.ts';
import { demandNoSecret, SECRET } from '../secrets.ts';
import { demand, type FuzzTarget } from '../target.ts';

const SMALL_BYTES = 64;

/** More braces than that, and which of them ends the object is not looked for. */
const MAX_BRACES = 64;

const messageText = objectText({ access_token: tokenText, refresh_token: tokenText, expires_at: timeValue });
const jwt = jsonText(fc.record({ exp: timeValue })).map((payload) =>
  ['{"alg":"none"}', payload, 'c'].map((part) => Buffer.from(part).toString('base64url')).join('.'),
);

export const messageInputs: fc.Arbitrary<Uint8Array> = fc.oneof(
  { weight: 8, arbitrary: asBytes(messageText) },
  {
    weight: 3,
    arbitrary: asBytes(
      fc
        .tuple(
          fc.constantFrom('', '\uFEFF', ' ', '\n', '\r\n', '\uFEFF\n \t'),
          messageText,
          fc.constantFrom('', '\n', '}', '{', '\0'),
        )
        .map((parts) => parts.join('')),
    ),
  },
  {
    weight: 2,
    arbitrary: asBytes(
      fc.tuple(fc.oneof(tokenText, jwt), fc.constantFrom('', '\n', '\r\n', '\r')).map((parts) => parts.join('')),
    ),
  },
  { weight: 1, arbitrary: fc.uint8Array({ maxLength: 40 }) },
);

export const MESSAGE_WORDS: readonly string[] = [
  '"access_token"', '"refresh_token"', '"expires_at"', SECRET, '{', '}', '"', '\\', '\\"', '\\\\', '\\u0000', '\n', '\r', '\uFEFF', '{"a":{', '}}',
  'null', 'true', '[', ']', ':', ',', '1762984855', '"2026-01-01T00:00:00Z"', '__proto__', '\u{1f44b}', 'eyJhbGciOiJub25lIn0.eyJleHAiOjF9.c',
]; // prettier-ignore

/** The verdict on these pieces, followed by the end of input. */
export function decode(pieces: readonly Uint8Array[], maxBytes: number): DecodeStep {
  const decoder = new MessageDecoder({ maxBytes });
  for (const piece of pieces) decoder.push(piece);
  return decoder.end();
}

/** What the decoder's contract allows a split to change: a newline before the brace, read for itself, is an empty line. */
export function isNewlineBeforeBrace(input: Uint8Array): boolean {
  return /^(\u00ef\u00bb\u00bf)?[ \t\r\n]*\n[ \t\r\n]*\{/.test(Buffer.from(input).toString('latin1'));
}

const TOO_MANY = Symbol('more braces than are looked at');

/** The value of the shortest beginning that is a JSON object: the message, by the letter of the contract. */
function firstObject(input: Uint8Array): unknown {
  const text = Buffer.from(input)
    .toString('utf8')
    .replace(/^\uFEFF/, '');
  let end = -1;
  for (let braces = 0; braces < MAX_BRACES; braces++) {
    end = text.indexOf('}', end + 1);
    if (end === -1) return undefined;
    try {
      return JSON.parse(text.slice(0, end + 1));
    } catch {
      // The brace stands in a string, or closes an inner object.
    }
  }
  return TOO_MANY;
}

export const tokenMessage: FuzzTarget = {
  name: 'token-message',
  feeds: 'the decoder of the token socket and the message schema',
  inputs: messageInputs,
  dictionary: MESSAGE_WORDS,
  runs: { long: 200_000, short: 2_000 },
  maxBytes: 20_000,
  isGuided: true,
  open: () => {
    const schema = JSON.parse(readFileSync('docs/token-message.schema.json', 'utf8')) as object;
    const isInSchema = new Ajv2020({ strict: false }).compile(schema);

    function checkAccepted(input: Uint8Array, { message, form }: Extract<DecodeStep, { status: 'complete' }>): void {
      demand(/^[ -~]+$/.test(message.accessToken), 'schema', 'an access token that is not printable was accepted');
      const again = bytesOf(
        `${formatTokenMessage(message, { format: form === 'json' ? 'json' : 'raw', includeRefreshToken: true })}\n`,
      );
      const reread = decode([again], 4 * again.length);
      demand(
        reread.status === 'complete' && reread.message.accessToken === message.accessToken,
        'round_trip',
        'what is written of a message is not read as the same',
      );
      if (form === 'bare') return;
      const value = firstObject(input);
      if (value === TOO_MANY) return;
      demand(isInSchema(value), 'schema', 'a message was accepted that docs/token-message.schema.json refuses');
    }

    /** The schema says nothing of which texts are a day of the calendar, so only numbers are compared this way. */
    function checkRefused(value: unknown): void {
      const isRefused = !parseTokenMessage(value).ok;
      const hasNumber =
        typeof value === 'object' && value !== null && 'expires_at' in value && typeof value.expires_at === 'number';
      demand(!(isRefused && hasNumber && isInSchema(value)), 'schema', 'a message was refused that the schema has');
    }

    return {
      check(input) {
        const random = randomOf(input);
        const maxBytes = pick(random, [8_192, 8_192, SMALL_BYTES]);
        const whole = decode([input], maxBytes);
        demand(whole.status !== 'incomplete', 'bounds', 'the end of input left a message incomplete');
        const splits = [inPieces(random, input, 3), inPieces(random, input, 12)];
        if (input.length <= 400) splits.push(Array.from(input, (_, index) => input.subarray(index, index + 1)));
        for (const pieces of splits) {
          const split = decode(pieces, maxBytes);
          const isAllowed = split.status === 'rejected' && split.code === 'empty' && isNewlineBeforeBrace(input);
          demand(
            isAllowed || JSON.stringify(split) === JSON.stringify(whole),
            'split',
            `${JSON.stringify(whole)} in one piece is ${JSON.stringify(split)} in ${pieces.length}`,
          );
        }
        if (whole.status === 'rejected') demandNoSecret(whole.detail, 'the detail of a rejection');
        else checkAccepted(input, whole);
        const value = firstObject(input);
        if (typeof value === 'object') checkRefused(value);
        checkReply(Buffer.from(input).toString('utf8'));
      },
    };
  },
};

/** What a receiver answers is read by the sender with the same care. */
function checkReply(text: string): void {
  const reply = parseReply(text);
  if (reply.kind === 'unknown') return;
  demand(
    reply.kind === 'ok' || /^[A-Za-z0-9_-]{1,64}$/.test(reply.code),
    'bounds',
    'a reply has a code of other characters',
  );
  demand(
    JSON.stringify(parseReply(formatReply(reply))) === JSON.stringify(reply),
    'round_trip',
    'a reply is not read as it is written',
  );
}
