import { expect, test } from 'vitest';
import { hoursLeft, reminderText } from './reminder-words.ts';

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const endsAtMs = new Date(2025, 10, 28, 9, 12, 30).getTime();

test.each([
  ['23 hours 40 minutes', 23 * HOUR + 40 * MINUTE],
  ['2 days', 48 * HOUR - 20_000],
  ['1 day', 24 * HOUR - 1],
  ['6 hours', 6 * HOUR],
  ['12 minutes', 11 * MINUTE + 5_000],
  ['1 minute', 1],
])('a reminder says that the login ends in %s, when, and what to do', (left, leftMs) => {
  expect(reminderText({ kind: 'due', endsAtMs, leftMs })).toBe(
    `The login ends in ${left}, on Fri 28 Nov 09:12: log in again with: token-refresh-sender login`,
  );
});

test('the end is told with its time', () => {
  expect(reminderText({ kind: 'over', endsAtMs })).toBe(
    'The 7 days of the login were over on Fri 28 Nov 09:12, and Schwab will refuse it: log in again with: token-refresh-sender login',
  );
});

test('an unknown login is never called fresh', () => {
  expect(reminderText({ kind: 'unknown_login' })).toBe(
    'The login may end at any moment: the token file does not say when it was made (no creation_timestamp). To be told in time, log in again with: token-refresh-sender login',
  );
});

test.each([
  [48, 48 * HOUR - 30_000],
  [48, 48 * HOUR],
  [31, 30 * HOUR + 1],
  [1, HOUR],
  [1, 1],
])('%d hours are left, in whole hours and never 0', (hours, leftMs) => {
  expect(hoursLeft(leftMs)).toBe(hours);
});
