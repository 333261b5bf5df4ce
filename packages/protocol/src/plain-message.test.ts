import fc from 'fast-check';
import { expect, test } from 'vitest';
import { MessageDecoder } from './decoder.ts';
import { parseTokenMessage } from './message.ts';
import { isPlainText, parsePlainMessage } from './plain-message.ts';

const EXPIRES_AT = 1_762_984_855;
const bytesOf = (text: string): Uint8Array => new TextEncoder().encode(text);
const isPlain = (text: string): boolean => isPlainText(text, bytesOf(text).length);

/** Members as they are written; each kind that is judged differently, and what is near its limits. */
const text = fc.oneof(
  { weight: 3, arbitrary: fc.constantFrom('"I0.made-up@"', '"a"', '" "', '"~"') },
  fc.constantFrom(
    '""',
    '"a\\u0001"',
    '"a\\n"',
    '"a\\"b"',
    '"\x7f"',
    '"tokén"',
    '"\\ud83d"',
    'null',
    'true',
    '1',
    '["a"]',
  ),
  fc.string().map((value) => JSON.stringify(value)),
);
const time = fc.oneof(
  { weight: 3, arbitrary: fc.constantFrom(String(EXPIRES_AT), '0', '99999999999', '12.7') },
  fc.constantFrom('-0', '-1', '-0.5', '1e11', '100000000000', '99999999999.9', '8.64e15', '8.7e15', '1e999', '-1e999'),
  fc.constantFrom('null', '"12"', '"2025-11-13T08:44:23Z"', '[1]', '{}', 'false'),
  fc.double({ noNaN: true, noDefaultInfinity: true }).map(String),
);
const member = fc.oneof(
  { weight: 4, arbitrary: text.map((value) => `"access_token":${value}`) },
  { weight: 4, arbitrary: time.map((value) => `"expires_at":${value}`) },
  text.map((value) => `"refresh_token":${value}`),
  text.map((value) => `"other":${value}`),
  fc.constantFrom('"__proto__":{"access_token":"a"}', '"constructor":1'),
);
const messageText = fc.array(member, { maxLength: 5 }).map((members) => `{${members.join(',')}}`);

test('what it says of a message, the schema says too', () => {
  let plain = 0;
  fc.assert(
    fc.property(messageText, (whole) => {
      if (!isPlain(whole)) return;
      const parsed: unknown = JSON.parse(whole);
      const verdict = parsePlainMessage(parsed);
      if (verdict === undefined) return;
      plain += 1;
      expect(verdict).toStrictEqual(parseTokenMessage(parsed));
    }),
    { numRuns: 20_000 },
  );
  expect(plain).toBeGreaterThan(1_000);
});

test('with it or without, however it is split and whatever follows, a message is read as the schema has it', () => {
  fc.assert(
    fc.property(messageText, fc.nat(), fc.constantFrom('', '\n', ' ', '}', 'é'), (whole, at, after) => {
      const bytes = bytesOf(`${whole}${after}`);
      const decoder = new MessageDecoder();
      decoder.push(bytes.subarray(0, at % bytes.length));
      decoder.push(bytes.subarray(at % bytes.length));
      const verdict = decoder.end();
      const expected = parseTokenMessage(JSON.parse(whole));
      expect(verdict).toMatchObject(
        expected.ok
          ? { status: 'complete', message: expected.message, expiryNotation: expected.expiryNotation }
          : { status: 'rejected', code: 'bad_message', detail: expected.detail },
      );
    }),
    { numRuns: 5_000 },
  );
});

test.each([
  ['without a refresh token', { access_token: 'I0.abc@', expires_at: EXPIRES_AT }],
  ['with one', { access_token: 'I0.abc@', refresh_token: 'made-up', expires_at: EXPIRES_AT }],
  ['with an empty one', { access_token: 'I0.abc@', refresh_token: '', expires_at: EXPIRES_AT }],
])('a message as senders write it needs no schema: %s', (_, value) => {
  expect(isPlain(JSON.stringify(value))).toBe(true);
  expect(parsePlainMessage(value)).toStrictEqual(parseTokenMessage(value));
});

test('plain is what can have nothing but printable ASCII in its strings', () => {
  for (let code = 0; code <= 0x10ffff; code = code < 0x300 ? code + 1 : code * 3) {
    const character = String.fromCodePoint(code);
    // As it is; what JSON refuses unless it is an escape, as an escape.
    const written = code < 0x20 ? JSON.stringify(character) : `"${character}"`;
    const isPrintable = code >= 0x20 && code <= 0x7e && character !== '\\';
    expect(isPlain(`{"a":${written}}`), `U+${code.toString(16)}`).toBe(isPrintable);
  }
});
