/** What a reminder says. Pure. */
import { duration } from '../status/duration.ts';
import type { Reminder } from './reminders.ts';

const LOG_IN = 'log in again with: token-refresh-sender login';
const MINUTE_MS = 60_000;
const HOUR_MS = 3_600_000;

export function reminderText(reminder: Reminder): string {
  switch (reminder.kind) {
    case 'due': {
      // Up to the minute, so that 23:59:40 is a day and not 23 hours.
      const left = duration(Math.ceil(reminder.leftMs / MINUTE_MS) * MINUTE_MS);
      return `The login ends in ${left}, on ${dayAndTime(reminder.endsAtMs)}: ${LOG_IN}`;
    }
    case 'over':
      return `The 7 days of the login were over on ${dayAndTime(reminder.endsAtMs)}, and Schwab will refuse it: ${LOG_IN}`;
    case 'unknown_login':
      return `The login may end at any moment: the token file does not say when it was made (no creation_timestamp). To be told in time, ${LOG_IN}`;
  }
}

/** Whole hours, rounded up: 48, 24, 6, 1 when a reminder comes in its time, and never 0 before the end. */
export function hoursLeft(leftMs: number): number {
  return Math.ceil(leftMs / HOUR_MS);
}

/** `Fri 28 Nov 09:12`, local time. */
function dayAndTime(atMs: number): string {
  const at = new Date(atMs);
  // "Fri Nov 28 2025" in any locale (ECMA-262).
  const day = at.toDateString();
  const two = (value: number) => String(value).padStart(2, '0');
  return `${day.slice(0, 3)} ${at.getDate()} ${day.slice(4, 7)} ${two(at.getHours())}:${two(at.getMinutes())}`;
}
