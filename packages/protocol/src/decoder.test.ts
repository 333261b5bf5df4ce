import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { DecodeStep } from './decode-step.ts';
import { DEFAULT_MAX_TOKEN_SIZE, MessageDecoder } from './decoder.ts';

const utf8 = new TextEncoder();
const bytesOf = (text: string): Uint8Array => utf8.encode(text);
const join = (...parts: (string | number[])[]): Uint8Array =>
  Uint8Array.from(parts.flatMap((part) => (typeof part === 'string' ? [...bytesOf(part)] : part)));

/** The verdict on these pieces followed by the end of input. */
function decode(pieces: Uint8Array[], maxBytes?: number): DecodeStep {
  const decoder = new MessageDecoder(maxBytes === undefined ? {} : { maxBytes });
  for (const piece of pieces) decoder.push(piece);
  return decoder.end();
}

const jwt = (payload: unknown): string =>
  [{ alg: 'none' }, payload].map((part) => Buffer.from(JSON.stringify(part)).toString('base64url')).join('.') + '.c2ln';

const JSON_MESSAGE = '{"access_token":"I0.b\\"{@","refresh_token":"r","x":{"y":"}"},"expires_at":1762984855}';
const FULL = { accessToken: 'I0.b"{@', refreshToken: 'r', expiresAtMs: 1_762_984_855_000 };

const json = (message: object, expiryNotation = 'seconds'): object => ({ message, form: 'json', expiryNotation });
const bare = (accessToken: string): object => ({ message: { accessToken }, form: 'bare', expiryNotation: 'none' });
const MINIMAL = '{"access_token":"a","expires_at":1}';
const minimal = json({ accessToken: 'a', expiresAtMs: 1000 });

describe('a complete message', () => {
  test.each<[string, Uint8Array, object]>([
    ['JSON with nothing after it', bytesOf(JSON_MESSAGE), json(FULL)],
    ['JSON with a newline', bytesOf(`${JSON_MESSAGE}\n`), json(FULL)],
    ['JSON with anything after it', join(JSON_MESSAGE, [0xff, 0x00], '{"access_token"'), json(FULL)],
    ['JSON after blanks', bytesOf(` \t\r${JSON_MESSAGE}`), json(FULL)],
    ['JSON after a newline in the same piece', bytesOf(`\n${JSON_MESSAGE}`), json(FULL)],
    ['JSON after white space of every kind in the same piece', bytesOf(` \r\n\n\t${JSON_MESSAGE}`), json(FULL)],
    ['JSON after a byte order mark', bytesOf(`\uFEFF${MINIMAL}`), minimal],
    ['JSON after a byte order mark and white space', bytesOf(`\uFEFF \r\n${MINIMAL}`), minimal],
    ['JSON over several lines', bytesOf(JSON_MESSAGE.replaceAll(',', ',\n')), json(FULL)],
    [
      'JSON with text beyond ASCII in a member that it does not know',
      bytesOf('{"who":"Zoë 👋","access_token":"a","expires_at":1}'),
      minimal,
    ],
    ['a bare token and a newline', bytesOf('I0.abc@\n'), bare('I0.abc@')],
    ['a bare token and CR LF', bytesOf('I0.abc@\r\n'), bare('I0.abc@')],
    ['a bare token and the end', bytesOf('I0.abc@'), bare('I0.abc@')],
    ['a bare token, CR and the end', bytesOf('I0.abc@\r'), bare('I0.abc@')],
    ['a bare token and more lines', join('I0.abc@\nmore', [0xff]), bare('I0.abc@')],
    ['a bare token that looks like a list', bytesOf('["a"]\n'), bare('["a"]')],
    ['what has the dots of a JWT and is none', bytesOf('a.b.c'), bare('a.b.c')],
  ])('is understood: %s', (_, bytes, expected) => {
    expect(decode([bytes])).toEqual({ status: 'complete', ...expected });
  });

  test.each<[string, unknown, number]>([
    ['in the future', 1_762_984_855, 1_762_984_855_000],
    ['long past', 1, 1000],
    ['far in the future', 90_000_000_000, 90_000_000_000_000],
    ['in milliseconds', 1_762_984_855_123, 1_762_984_855_123],
    ['with a fraction', 1_762_984_855.7, 1_762_984_855_000],
  ])('is a bare JWT, which says its expiry itself: %s', (_, exp, expiresAtMs) => {
    const accessToken = jwt({ sub: 'made-up', exp });
    expect(decode([bytesOf(`${accessToken}\n`)])).toEqual({
      status: 'complete',
      message: { accessToken, expiresAtMs },
      form: 'bare',
      expiryNotation: 'jwt',
    });
  });

  test.each<[string, unknown]>([
    ['none', { sub: 'made-up' }],
    ['a negative one', { exp: -1 }],
    ['one beyond every calendar', { exp: 1e16 }],
    ['one beyond every number', { exp: '9'.repeat(400) }],
    ['a word', { exp: 'soon' }],
    ['null', { exp: null }],
    ['a list', { exp: [1] }],
    ['a payload that is no object', [1]],
  ])('is a bare JWT whose expiry is unknown: %s', (_, payload) => {
    const accessToken = jwt(payload);
    expect(decode([bytesOf(accessToken)])).toEqual({ status: 'complete', ...bare(accessToken) });
  });

  test.each([
    [1, 'seconds'],
    [9_999_999_999_999, 'milliseconds'],
    ['1', 'digits'],
    ['9999999999999', 'digits'],
    ['2025-11-13T08:44:23Z', 'iso8601'],
  ])('says how its expiry was written: %j is %s', (expiresAt, expiryNotation) => {
    const text = JSON.stringify({ access_token: 'a', expires_at: expiresAt });
    expect(decode([bytesOf(text)])).toMatchObject({ status: 'complete', expiryNotation });
  });

  test('a JWT in a JSON message is opaque: its expires_at counts', () => {
    const text = JSON.stringify({ access_token: jwt({ exp: 7_000_000_000 }), expires_at: 5 });
    expect(decode([bytesOf(text)])).toMatchObject({ message: { expiresAtMs: 5000 }, expiryNotation: 'seconds' });
  });

  test('is complete with its last byte, before the sender closes', () => {
    const decoder = new MessageDecoder();
    const bytes = bytesOf(JSON_MESSAGE);
    expect(decoder.push(bytes.subarray(0, -1)).status).toBe('incomplete');
    expect(decoder.push(bytes.subarray(-1)).status).toBe('complete');
  });

  test('stays what it was whatever follows', () => {
    const decoder = new MessageDecoder();
    const verdict = decoder.push(bytesOf('first\n'));
    expect(decoder.push(bytesOf(JSON_MESSAGE))).toEqual(verdict);
    expect(decoder.end()).toEqual(verdict);
  });
});

describe('a message that is refused', () => {
  test.each<[string, Uint8Array, string]>([
    ['nothing at all', bytesOf(''), 'empty'],
    ['only blanks', bytesOf(' \t\r'), 'empty'],
    ['a newline first', bytesOf('\ntoken\n'), 'empty'],
    ['a newline alone', bytesOf('\n'), 'empty'],
    ['blanks and a newline', bytesOf(' \t\n'), 'empty'],
    ['newlines and no more than blanks after them', bytesOf('\n\n \t'), 'empty'],
    ['a byte order mark alone', bytesOf('\uFEFF'), 'empty'],
    ['a byte order mark and a newline', bytesOf('\uFEFF\n'), 'empty'],
    ['CR LF first', bytesOf('\r\n'), 'empty'],
    ['JSON that ends in the middle', bytesOf(JSON_MESSAGE.slice(0, -1)), 'bad_json'],
    ['an unterminated string', bytesOf('{"access_token":"a}'), 'bad_json'],
    ['single quotes', bytesOf("{'access_token': 'a', 'expires_at': 1}"), 'bad_json'],
    ['a trailing comma', bytesOf('{"access_token":"a","expires_at":1,}'), 'bad_json'],
    ['a raw control character', bytesOf('{"access_token":"a\u0001","expires_at":1}'), 'bad_json'],
    ['a wrong bracket', bytesOf('{"access_token":"a"]}'), 'bad_json'],
    ['an empty object', bytesOf('{}'), 'bad_message'],
    ['a missing expiry', bytesOf('{"access_token":"a"}'), 'bad_message'],
    ['a control character by its escape', bytesOf('{"access_token":"a\\u0001","expires_at":1}'), 'bad_message'],
    ['an infinite expiry', bytesOf('{"access_token":"a","expires_at":1e400}'), 'bad_message'],
    ['bytes that are not UTF-8 in JSON', join('{"access_token":"', [0xff], '","expires_at":1}'), 'not_utf8'],
    ['Latin-1 in JSON', join('{"who":"Zo', [0xeb], '","access_token":"a","expires_at":1}'), 'not_utf8'],
    ['a surrogate in UTF-8', join('{"access_token":"', [0xed, 0xa0, 0x80], '"}'), 'not_utf8'],
    ['binary', join([0x80, 0x81]), 'not_utf8'],
    ['binary after a token', join('token', [0xc3, 0x28], '\n'), 'not_utf8'],
    ['a character cut off by the end', join('token', [0xe2, 0x82]), 'not_utf8'],
    ['a character cut off by the newline', join('token', [0xc3], '\n'), 'not_utf8'],
    ['a bare token with a space', bytesOf('two words\n'), 'bad_message'],
    ['a bare token after a space', bytesOf(' token\n'), 'bad_message'],
    ['a bare token with a tab', bytesOf('a\tb\n'), 'bad_message'],
    ['a bare token with a CR inside', bytesOf('a\rb\n'), 'bad_message'],
    ['a bare token with two CRs', bytesOf('a\r\r\n'), 'bad_message'],
    ['a bare token with NUL', join('a', [0], '\n'), 'bad_message'],
    ['a bare token with DEL', join('a', [0x7f], '\n'), 'bad_message'],
    ['a bare token with letters beyond ASCII', bytesOf('tokén\n'), 'bad_message'],
    ['a bare token after a byte order mark', bytesOf('\uFEFFtoken\n'), 'bad_message'],
    ['two byte order marks', bytesOf(`\uFEFF\uFEFF${MINIMAL}`), 'bad_message'],
    ['a byte order mark after a space', bytesOf(` \uFEFF${MINIMAL}`), 'bad_message'],
    ['a byte order mark in UTF-16', join([0xff, 0xfe], MINIMAL), 'not_utf8'],
    ['what begins like a byte order mark', join([0xef, 0xbb], MINIMAL), 'not_utf8'],
    ['another character that begins like a byte order mark', bytesOf(`\uFEFE${MINIMAL}`), 'bad_message'],
    ['a byte order mark cut off by the end', join([0xef, 0xbb]), 'not_utf8'],
  ])('gets its code: %s', (_, bytes, code) => {
    expect(decode([bytes])).toMatchObject({ status: 'rejected', code });
  });

  test('is told so without a word of what it said', () => {
    for (const text of ['{"access_token":"made-up-secret', '{made-up-secret}', 'made-up-secret made-up-secret\n']) {
      expect(JSON.stringify(decode([bytesOf(text)]))).not.toContain('secret');
    }
  });
});

describe('Every input has a size limit and a deadline: the size', () => {
  const json = (size: number): string => {
    const frame = '{"access_token":"","expires_at":1}';
    return frame.replace('""', `"${'a'.repeat(size - frame.length)}"`);
  };

  test('a message of exactly the limit is accepted, and of one byte more is not', () => {
    const max = DEFAULT_MAX_TOKEN_SIZE;
    expect(max).toBe(8192);
    expect(decode([bytesOf(json(max))]).status).toBe('complete');
    expect(decode([bytesOf(json(max + 1))])).toMatchObject({ code: 'too_large' });
    expect(decode([bytesOf('a'.repeat(max))]).status).toBe('complete');
    expect(decode([bytesOf('a'.repeat(max + 1))])).toMatchObject({ code: 'too_large' });
  });

  test('what ends a message or comes before or after it does not count', () => {
    expect(decode([bytesOf(`  ${json(64)}\n${'x'.repeat(100)}`)], 64).status).toBe('complete');
    expect(decode([bytesOf(`${'a'.repeat(64)}\r\n${'x'.repeat(100)}`)], 64).status).toBe('complete');
  });

  test('blanks without end are refused too', () => {
    expect(decode([bytesOf(' '.repeat(64))], 64)).toMatchObject({ code: 'empty' });
    expect(decode([bytesOf(' '.repeat(65))], 64)).toMatchObject({ code: 'too_large' });
    expect(decode([bytesOf(`${'\n'.repeat(64)}${json(64)}`)], 64).status).toBe('complete');
    expect(decode([bytesOf(`${'\n'.repeat(65)}${json(64)}`)], 64)).toMatchObject({ code: 'empty' });
  });

  test('an object that does not end is refused with its first byte too many', () => {
    const decoder = new MessageDecoder({ maxBytes: 10 });
    expect(decoder.push(bytesOf('{"access_t')).status).toBe('incomplete');
    expect(decoder.push(bytesOf('o'))).toMatchObject({ status: 'rejected', code: 'too_large' });
  });
});

/** Bytes that lead into every corner: real messages, bare tokens, pieces of both, and rubbish. */
const fragment = fc.oneof(
  fc.constantFrom(
    '{',
    '}',
    '"',
    '\\',
    ' ',
    '\t',
    '\r',
    '\n',
    ':',
    ',',
    '{"access_token":"a","expires_at":1}',
    JSON_MESSAGE,
  ),
  fc.constantFrom('token', 'é', '€', '👋', '\uFEFF', '\uFEFE', jwt({ exp: 1 }), '"access_token":', '"expires_at":1e10'),
  fc.uint8Array({ maxLength: 6 }).map((bytes) => [...bytes]),
);
const input = fc.array(fragment, { maxLength: 8 }).map((parts) => join(...parts));
const limit = fc.oneof(fc.constant(8192), fc.integer({ min: 1, max: 60 }));

/** Where the first newline and the brace after it are, if nothing but white space comes before the brace. */
function newlineBeforeBrace(bytes: Uint8Array): { newline: number; brace: number } | undefined {
  const [lead, newline = ''] =
    /^(?:\u00EF\u00BB\u00BF)?([ \t\r]*)\n[ \t\r\n]*\{/.exec(Buffer.from(bytes).toString('latin1')) ?? [];
  if (lead === undefined) return undefined;
  return { newline: lead.indexOf('\n', newline.length), brace: lead.length - 1 };
}

const noNewlineFirst = input.filter((bytes) => newlineBeforeBrace(bytes) === undefined);

describe('an empty line is answered at once', () => {
  test.each(['\n', '\r\n', ' \t\n', '\n\n ', '\uFEFF\n'])('%j, though the sender may still be there', (text) => {
    const decoder = new MessageDecoder();
    expect(decoder.push(bytesOf(text))).toMatchObject({ status: 'rejected', code: 'empty' });
    expect(decoder.push(bytesOf(MINIMAL))).toMatchObject({ status: 'rejected', code: 'empty' });
  });

  test.each(['', ' ', '\t\r', '\uFEFF', '\uFEFF '])('%j is none yet', (text) => {
    const decoder = new MessageDecoder();
    expect(decoder.push(bytesOf(text))).toEqual({ status: 'incomplete' });
    expect(decoder.push(bytesOf(MINIMAL))).toMatchObject({ status: 'complete' });
  });

  test('and so a cut between a newline and the brace, and no other, makes a message after a newline an empty line', () => {
    const spaces = fc.string({ unit: fc.constantFrom(' ', '\t', '\r', '\n'), maxLength: 6 });
    const led = fc
      .tuple(fc.constantFrom('', '\uFEFF'), spaces, fc.constantFrom(JSON_MESSAGE, MINIMAL, '{}', '{"a'))
      .map((parts) => bytesOf(parts.join('')));
    fc.assert(
      fc.property(led, (bytes) => {
        const whole = decode([bytes]);
        const where = newlineBeforeBrace(bytes) ?? { newline: Number.POSITIVE_INFINITY, brace: 0 };
        for (let cut = 0; cut <= bytes.length; cut++) {
          const verdict = decode([bytes.subarray(0, cut), bytes.subarray(cut)]);
          if (cut > where.newline && cut <= where.brace) expect(verdict).toMatchObject({ code: 'empty' });
          else expect(verdict).toEqual(whole);
        }
      }),
    );
  });
});

describe('the verdict does not depend on how the bytes are split, but for a newline before the brace', () => {
  const singles = (bytes: Uint8Array): Uint8Array[] => [...bytes].map((byte) => Uint8Array.of(byte));

  test('cut at every byte, and into single bytes', () => {
    fc.assert(
      fc.property(noNewlineFirst, limit, (bytes, maxBytes) => {
        const whole = decode([bytes], maxBytes);
        expect(decode(singles(bytes), maxBytes)).toEqual(whole);
        for (let cut = 0; cut <= bytes.length; cut++) {
          expect(decode([bytes.subarray(0, cut), bytes.subarray(cut)], maxBytes)).toEqual(whole);
        }
      }),
      { numRuns: 1000 },
    );
  });

  test('cut at random places', () => {
    fc.assert(
      fc.property(noNewlineFirst, limit, fc.array(fc.nat(1000)), (bytes, maxBytes, places) => {
        const cuts = [0, ...places.map((place) => place % (bytes.length + 1)).sort((a, b) => a - b), bytes.length];
        const pieces = cuts.slice(1).map((cut, index) => bytes.subarray(cuts[index], cut));
        expect(decode(pieces, maxBytes)).toEqual(decode([bytes], maxBytes));
      }),
      { numRuns: 3000 },
    );
  });

  test('a message of full size, in every single cut', () => {
    const bytes = bytesOf(JSON_MESSAGE.replace('"x":', `"y":"${'é👋\\"'.repeat(120)}","x":`));
    const whole = decode([bytes]);
    expect(whole).toMatchObject({ status: 'complete', message: FULL });
    expect(decode(singles(bytes))).toEqual(whole);
    for (let cut = 0; cut <= bytes.length; cut++) {
      expect(decode([bytes.subarray(0, cut), bytes.subarray(cut)])).toEqual(whole);
    }
  });
});
