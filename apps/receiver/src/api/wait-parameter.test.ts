import fc from 'fast-check';
import { expect, test } from 'vitest';
import * as z from 'zod/mini';
import { token } from './describe-routes.ts';
import { askedWait } from './wait-parameter.ts';

test.each([
  [undefined, { kind: 'none' }],
  ['1', { kind: 'wait', waitMs: 1_000 }],
  ['300', { kind: 'wait', waitMs: 300_000 }],
  ['2.5', { kind: 'wait', waitMs: 2_500 }],
  ['1.0004', { kind: 'wait', waitMs: 1_000 }],
  ['007', { kind: 'wait', waitMs: 7_000 }],
  ...['', '0', '0.999', '300.001', '301', '-5', '+5', ' 5', '5 ', '5s', '1e2', '0x10', '.5', '5.', '1,5', 'NaN'].map(
    (value) => [value, { kind: 'bad' }] as const,
  ),
  ['9'.repeat(2_000), { kind: 'bad' }],
  ['Infinity', { kind: 'bad' }],
] as const)('?wait=%s', (value, asked) => {
  expect(askedWait(value)).toEqual(asked);
});

test('what is taken is what the OpenAPI document says', () => {
  const documented = token.query?.['wait']?.schema ?? z.never();
  fc.assert(
    fc.property(fc.oneof(fc.integer({ min: -10, max: 400 }), fc.double({ min: 0.5, max: 301 })), (seconds) => {
      const digits = seconds.toFixed(6);
      expect(askedWait(digits).kind === 'wait').toBe(z.safeParse(documented, Number(digits)).success);
    }),
  );
});
