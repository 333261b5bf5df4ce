import { afterEach, expect, test, vi } from 'vitest';
import { clock, moment, timeLeft } from './moments.ts';

afterEach(() => {
  vi.unstubAllEnvs();
});

const now = Date.parse('2026-11-20T15:40:00Z');

test.each([
  ['UTC', '2026-11-20T08:05:09Z', '08:05 UTC'],
  ['Europe/Berlin', '2026-11-20T08:05:09Z', '09:05 UTC+1'],
  ['America/St_Johns', '2026-11-20T08:05:09Z', '04:35 UTC-3:30'],
  ['UTC', '2026-11-25T08:05:09Z', 'Wed 25 Nov, 08:05 UTC'],
  ['UTC', '2027-01-02T08:05:09Z', 'Sat 2 Jan 2027, 08:05 UTC'],
  ['Europe/Berlin', '2026-07-20T08:05:09Z', 'Mon 20 Jul, 10:05 UTC+2'],
])('in %s, %s reads %s: the server’s time, with its zone', (zone, iso, text) => {
  vi.stubEnv('TZ', zone);
  expect(moment(Date.parse(iso), now).text).toBe(`<time datetime="${new Date(iso).toISOString()}">${text}</time>`);
});

test('the day begins at local midnight', () => {
  vi.stubEnv('TZ', 'America/New_York');
  const lateEvening = Date.parse('2026-11-21T04:59:00Z');
  expect(clock(lateEvening, now)).toBe('23:59');
  expect(clock(lateEvening + 60_000, now)).toBe('Sat 21 Nov, 00:00');
});

const minute = 60_000;
const hour = 60 * minute;
const day = 24 * hour;
test.each([
  [6 * day + 4 * hour, '6 days', '4 hours left'],
  [day + hour - 1, '1 day', 'left'],
  [day - 1, '23 hours', '59 minutes left'],
  [hour + minute, '1 hour', '1 minute left'],
  [hour - 1, '59 minutes', 'left'],
  [2 * minute, '2 minutes', 'left'],
  [2 * minute - 1, '119 seconds', 'left'],
  [1_000, '1 second', 'left'],
  [-5, '0 seconds', 'left'],
])('%i ms are %s, %s', (ms, large, small) => {
  expect(timeLeft(ms)).toEqual([large, small]);
});
