/** What most inputs are made of. */
import fc from 'fast-check';
import { SECRET } from './secrets.ts';

const encoder = new TextEncoder();
export const bytesOf = (text: string): Uint8Array => encoder.encode(text);

/** Text, or now and then bytes that are no text. */
export function asBytes(text: fc.Arbitrary<string>): fc.Arbitrary<Uint8Array> {
  return fc.oneof(
    { weight: 30, arbitrary: text.map(bytesOf) },
    { weight: 1, arbitrary: fc.uint8Array({ maxLength: 300 }) },
  );
}

/** Any characters; fast-check's own unit `binary` keeps a table of all of them, 85 MB. */
export function anyText(maxLength: number): fc.Arbitrary<string> {
  const character = fc.oneof(fc.integer({ min: 0, max: 0x7f }), fc.integer({ min: 0, max: 0x10ffff }));
  return fc.string({ unit: character.map((point) => String.fromCodePoint(point)), maxLength });
}

/** A token, or what might stand in its place. */
export const tokenText: fc.Arbitrary<string> = fc.oneof(
  { weight: 6, arbitrary: fc.constant(SECRET) },
  { weight: 4, arbitrary: fc.string({ minLength: 1, maxLength: 200 }) },
  { weight: 1, arbitrary: anyText(40) },
  { weight: 1, arbitrary: fc.integer({ min: 0, max: 20_000 }).map((length) => SECRET.padEnd(length, 'x')) },
  {
    weight: 1,
    arbitrary: fc.constantFrom('', ' ', '\n', 'null', '\u0000', 'enc:gAAAAA', 'Zoë', '\u{1f44b}', '\ud800'),
  },
);

/** A point in time in every notation, right and wrong. */
export const timeValue: fc.Arbitrary<unknown> = fc.oneof(
  fc.integer({ min: 0, max: 2 ** 32 }),
  fc.integer({ min: 1_700_000_000_000, max: 1_800_000_000_000 }),
  fc.double(),
  fc.constantFrom(-1, 0, 1, 1e11, 99_999_999_999, 8.64e15, 8.64e15 + 1, 2 ** 53, '', 'soon', null, true, [], {}),
  fc.integer().map(String),
  fc
    .date({ min: new Date(-1e13), max: new Date(3e14) })
    .map((date) => (Number.isNaN(date.getTime()) ? 'Invalid Date' : date.toISOString())),
  fc.constantFrom(
    '2026-02-30T00:00:00Z',
    '2026-01-01',
    '2026-01-01 10:00',
    '2026-01-01T10:00:00,5+0530',
    '2026-01-01T24:00:00Z',
    '2026-12-31T23:59:60Z',
    '9999-12-31T23:59:59+23:59',
    '0000-01-01T00:00Z',
  ),
);

const SPACES = fc.constantFrom('', '', '', ' ', '\n', '\t', '\r\n  ');
const NUMBER_TEXTS = ['01', '1e999', '-', 'NaN', '.5', '1.', '+1', '1_000', '0x10', '-0', '1E400', 'Infinity'];

/** The JSON text of a value, now and then not quite JSON. */
export function jsonText(value: fc.Arbitrary<unknown>): fc.Arbitrary<string> {
  return fc.oneof(
    { weight: 25, arbitrary: value.map((one) => JSON.stringify(one)) },
    { weight: 1, arbitrary: fc.json({ maxDepth: 3 }) },
    { weight: 1, arbitrary: fc.constantFrom(...NUMBER_TEXTS, '"unended', '"\\u12"', '"\\ud800"', `'${SECRET}'`, '') },
    { weight: 1, arbitrary: fc.integer({ min: 1, max: 400 }).chain((depth) => nested(depth)) },
  );
}

/** Lists or objects in each other. */
function nested(depth: number): fc.Arbitrary<string> {
  return fc.constantFrom(
    '['.repeat(depth) + ']'.repeat(depth),
    '{"a":'.repeat(depth) + '1' + '}'.repeat(depth),
    '['.repeat(depth),
  );
}

/** The JSON text of an object: members in any order, some missing, some twice, some unknown. */
export function objectText(members: Readonly<Record<string, fc.Arbitrary<unknown>>>): fc.Arbitrary<string> {
  const known = Object.entries(members).map(([name, value]) =>
    fc.tuple(fc.constant(name), jsonText(value), fc.integer({ min: 0, max: 30 }), SPACES),
  );
  const unknown = fc.tuple(
    fc.oneof(fc.string({ maxLength: 20 }), fc.constantFrom('__proto__', 'constructor', 'toString', 'token', '', 'a')),
    fc.oneof({ weight: 4, arbitrary: jsonText(tokenText) }, { weight: 1, arbitrary: fc.json({ maxDepth: 4 }) }),
    fc.integer({ min: 2, max: 30 }),
    SPACES,
  );
  return fc
    .tuple(fc.tuple(...known), fc.array(unknown, { maxLength: 2 }), fc.integer({ min: 0, max: 40 }))
    .map(([first, rest, ending]) => {
      const pairs = [...first, ...rest].filter(([, , luck]) => luck > 1 || rest.length > 1);
      const twice = pairs.flatMap((pair) => (pair[2] === 30 ? [pair, pair] : [pair]));
      const ordered = twice.toSorted((left, right) => left[2] - right[2]);
      const body = ordered
        .map(([name, value, , space]) => `${space}${JSON.stringify(name)}:${space}${value}`)
        .join(',');
      return `{${body}${ending === 0 ? '' : ending === 1 ? ',}' : '}'}`;
    });
}
