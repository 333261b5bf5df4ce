import fc from 'fast-check';
import { expect, test } from 'vitest';
import { parseTokenMessage } from './message.ts';
import { isPlainText, parsePlainMessage } from './plain-message.ts';

const EXPIRES_AT = 1_762_984_855;
const isPlain = (text: string): boolean => isPlainText(text, new TextEncoder().encode(text).length);

/** Of every kind that matters to the schema, each as likely to be right as to be wrong. */
const member = fc.oneof(
  fc.constantFrom('', 'I0.made-up@', ' ', '~', '2025-11-13T08:44:23Z', '12', null, true),
  fc.string({ unit: 'binary' }),
  fc.string(),
  fc.constantFrom(0, -0, -1, 0.5, EXPIRES_AT, EXPIRES_AT * 1000, 99_999_999_999, 1e11, 8.64e15, 8.7e15, 1e300),
  fc.double(),
  fc.array(fc.string()),
);
const message = fc.record(
  { access_token: member, refresh_token: member, expires_at: member, other: member },
  { requiredKeys: [] },
);

test('what it says of a message, the schema says too', () => {
  let plain = 0;
  fc.assert(
    fc.property(message, (value) => {
      const text = JSON.stringify(value);
      if (!isPlain(text)) return;
      const parsed: unknown = JSON.parse(text);
      const verdict = parsePlainMessage(parsed);
      if (verdict === undefined) return;
      plain += 1;
      expect(verdict).toStrictEqual(parseTokenMessage(parsed));
    }),
    { numRuns: 20_000 },
  );
  expect(plain).toBeGreaterThan(0);
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
    const isPrintable = code >= 0x20 && code <= 0x7e && character !== '\\';
    // As it is, and as an escape where JSON wants one; JSON.parse refuses the others.
    if (code >= 0x20) expect(isPlain(`{"a":"${character}"}`), `U+${code.toString(16)}`).toBe(isPrintable);
    if (code < 0x20) expect(isPlain(JSON.stringify({ a: character }))).toBe(false);
  }
});
