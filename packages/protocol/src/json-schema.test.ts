import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import * as z from 'zod';
import { tokenMessageJsonSchema, tokenMessageJsonSchemaText } from './json-schema.ts';
import { parseTokenMessage } from './message.ts';

const PUBLISHED = new URL('../../../docs/token-message.schema.json', import.meta.url);

/** A stand-in for a validator of another language: zod reading the schema back. */
const validator = z.fromJSONSchema(tokenMessageJsonSchema());
const accepts = (value: unknown): boolean => z.safeParse(validator, value).success;

describe('the JSON Schema of the token message', () => {
  test('is the published one', () => {
    expect(
      readFileSync(PUBLISHED, 'utf8'),
      'docs/token-message.schema.json is not what the code says: run `npm run schema` and commit the file',
    ).toBe(tokenMessageJsonSchemaText());
  });

  test('accepts everything that is accepted', () => {
    const expiry = fc.oneof(
      fc.double(),
      fc.nat(),
      fc.integer({ min: 1e10, max: 1e13 }),
      fc.nat().map(String),
      fc.date({ noInvalidDate: true }).map((date) => date.toISOString()),
      fc.constantFrom('2025-11-13', '2025-11-13 08:44', '2025-11-13T08:44:23.123456', '2025-11-13T08:44:23+05', null),
    );
    const message = fc.record(
      {
        access_token: fc.oneof(fc.string(), fc.integer()),
        refresh_token: fc.oneof(fc.string(), fc.constant(null), fc.integer()),
        expires_at: expiry,
        more: fc.anything(),
      },
      { requiredKeys: ['access_token'] },
    );
    fc.assert(
      fc.property(message, (value) => {
        fc.pre(parseTokenMessage(value).ok);
        expect(accepts(value)).toBe(true);
      }),
    );
  });

  test.each([
    [{}],
    [{ access_token: '', expires_at: 1 }],
    [{ access_token: 'a' }],
    [{ access_token: 'a', expires_at: -1 }],
    ['a'],
  ])('does not accept %j', (value) => {
    expect(accepts(value)).toBe(false);
  });

  test('says what a writer should write', () => {
    expect(tokenMessageJsonSchemaText()).toContain('Write this: whole seconds');
  });
});
