import fc from 'fast-check';
import { describe, expect, test, vi } from 'vitest';
import { parseInstant } from './instant.ts';

describe('parseInstant', () => {
  test.each([
    ['whole seconds', 1_762_984_855, 1_762_984_855_000],
    ['seconds with a fraction, floored', 1_762_984_855.9, 1_762_984_855_000],
    ['milliseconds', 1_762_984_855_123, 1_762_984_855_123],
    ['milliseconds with a fraction, floored', 1_762_984_855_123.9, 1_762_984_855_123],
    ['the epoch', 0, 0],
    ['the last value that is seconds', 1e11 - 1, (1e11 - 1) * 1000],
    ['the first value that is milliseconds', 1e11, 1e11],
    ['the last instant of a Date', 8.64e15, 8.64e15],
    ['a string of digits in seconds', '1762984855', 1_762_984_855_000],
    ['a string of digits in milliseconds', '1762984855123', 1_762_984_855_123],
    ['a string of digits with a fraction', '1762984855.25', 1_762_984_855_000],
    ['ISO 8601 in UTC', '2025-11-13T08:44:23Z', Date.UTC(2025, 10, 13, 8, 44, 23)],
    ['ISO 8601 with an offset', '2025-11-13T08:44:23+05:30', Date.UTC(2025, 10, 13, 3, 14, 23)],
    ['ISO 8601 with a short offset', '2025-11-13T08:44:23-0500', Date.UTC(2025, 10, 13, 13, 44, 23)],
    ['ISO 8601 with an offset of hours', '2025-11-13T08:44:23+02', Date.UTC(2025, 10, 13, 6, 44, 23)],
    ['microseconds, as Python writes them', '2025-11-13T08:44:23.123456+00:00', Date.UTC(2025, 10, 13, 8, 44, 23, 123)],
    ['a space in place of the T', '2025-11-13 08:44:23Z', Date.UTC(2025, 10, 13, 8, 44, 23)],
    ['no seconds', '2025-11-13T08:44Z', Date.UTC(2025, 10, 13, 8, 44)],
    ['a decimal comma', '2025-11-13T08:44:23,5Z', Date.UTC(2025, 10, 13, 8, 44, 23, 500)],
    ['a leap day', '2024-02-29T00:00:00Z', Date.UTC(2024, 1, 29)],
  ])('understands %s', (_, value, expectedMs) => {
    expect(parseInstant(value)).toBe(expectedMs);
  });

  test.each([
    ['a negative number', -1],
    ['a negative fraction', -0.5],
    ['beyond the range of a Date', 8.64e15 + 2],
    ['not a number', Number.NaN],
    ['infinity', Number.POSITIVE_INFINITY],
    ['an empty string', ''],
    ['a word', 'tomorrow'],
    ['negative digits', '-1'],
    ['digits beyond the range', '99999999999999999999'],
    ['hexadecimal digits', '0x10'],
    ['an exponent', '1e10'],
    ['digits with spaces around them', ' 1762984855 '],
    ['a day that the month has not', '2025-02-30T00:00:00Z'],
    ['a month that the year has not', '2025-13-01'],
    ['an hour that the day has not', '2025-11-13T25:00:00Z'],
    ['a fraction of a minute', '2025-11-13T08:44.5Z'],
    ['an offset without a time', '2025-11-13Z'],
    ['a date as people write it', '11/13/2025'],
    ['a time before 1970', '1969-12-31T23:59:59Z'],
    ['null', null],
    ['undefined', undefined],
    ['a boolean', true],
    ['a list', [1_762_984_855]],
    ['an object', { seconds: 1 }],
    ['a bigint', 1n],
  ])('does not guess at %s', (_, value) => {
    expect(parseInstant(value)).toBeUndefined();
  });

  test('takes ISO 8601 without an offset for local time', () => {
    vi.stubEnv('TZ', 'America/New_York');
    try {
      expect(parseInstant('2025-11-13T08:44:23')).toBe(Date.UTC(2025, 10, 13, 13, 44, 23));
      expect(parseInstant('2025-11-13')).toBe(Date.UTC(2025, 10, 13, 5));
    } finally {
      vi.unstubAllEnvs();
    }
  });

  test('gives back every instant that is written as ISO 8601, as milliseconds or as seconds', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1e11, max: 253_402_300_799_999 }), (instantMs) => {
        expect(parseInstant(new Date(instantMs).toISOString())).toBe(instantMs);
        expect(parseInstant(String(instantMs))).toBe(instantMs);
        expect(parseInstant(Math.floor(instantMs / 1000))).toBe(
          instantMs >= 1e14 ? Math.floor(instantMs / 1000) : Math.floor(instantMs / 1000) * 1000,
        );
      }),
    );
  });

  test('never throws, and gives whole milliseconds or nothing', () => {
    fc.assert(
      fc.property(fc.anything(), (value) => {
        const instantMs = parseInstant(value);
        expect(instantMs === undefined || (Number.isInteger(instantMs) && instantMs >= 0)).toBe(true);
      }),
    );
  });
});
