import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { parseDuration, parseMode, parseSize } from './quantities.ts';

describe('a duration', () => {
  test.each([
    ['500ms', 500],
    ['5s', 5000],
    ['25m', 1_500_000],
    ['1h', 3_600_000],
    ['7d', 604_800_000],
    ['1.5h', 5_400_000],
    [' 5 s ', 5000],
    ['0s', 0],
  ])('%s is %i ms', (text, ms) => {
    expect(parseDuration(text)).toEqual({ ok: true, value: ms });
  });

  test.each([[25], ['25'], ['1.5']])('a bare %s is refused, and the message says to add a unit', (bare) => {
    const parsed = parseDuration(bare);
    expect(parsed).toMatchObject({ ok: false });
    expect(parsed.ok ? '' : parsed.problem).toContain(`write it as ${bare}s, ${bare}m or ${bare}h`);
  });

  test.each(['', 's', '-5s', '5 weeks', '5S', '1e3s', '25m 3s', '99999999d', null, {}, true])(
    '%j is refused',
    (value) => {
      expect(parseDuration(value).ok).toBe(false);
    },
  );

  test('any whole number of any unit is read exactly', () => {
    fc.assert(
      fc.property(
        fc.nat(3000),
        fc.constantFrom(['ms', 1] as const, ['s', 1000] as const, ['m', 60_000] as const, ['h', 3_600_000] as const),
        (n, [unit, ms]) => {
          expect(parseDuration(`${n}${unit}`)).toEqual({ ok: true, value: n * ms });
        },
      ),
    );
  });
});

describe('a size', () => {
  test.each([
    [8192, 8192],
    ['8192', 8192],
    ['8k', 8192],
    ['8kb', 8192],
    ['10M', 10_485_760],
    ['1g', 1_073_741_824],
  ])('%s is %i bytes', (written, bytes) => {
    expect(parseSize(written)).toEqual({ ok: true, value: bytes });
  });

  test.each(['', '-1', '1.5k', '8 kilo', 1.5, -1, null, '99999999999999999999'])('%j is refused', (value) => {
    expect(parseSize(value).ok).toBe(false);
  });
});

describe('a mode', () => {
  test.each([
    ['0660', 0o660],
    ['660', 0o660],
    ['0o600', 0o600],
    ['0777', 0o777],
  ])('"%s" is that mode', (written, mode) => {
    expect(parseMode(written)).toEqual({ ok: true, value: mode });
  });

  test.each([660, 432, 0o660])('the unquoted number %i is refused, and the message says to quote it', (number) => {
    const parsed = parseMode(number);
    expect(parsed.ok ? '' : parsed.problem).toContain('in quotes, such as "0660"');
  });

  test.each(['', '0999', '66', '01777', 'rw-rw----', '12345'])('"%s" is refused', (written) => {
    expect(parseMode(written).ok).toBe(false);
  });
});
