import fc from 'fast-check';
import { expect, test } from 'vitest';
import { nextReminder, nothingSaid, REMINDER_HOURS, type Reminder, type ReminderState } from './reminders.ts';

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const WEEK = 168 * HOUR;
const login = 1_762_983_055_000;
const end = login + WEEK;

/** A sender that looks at the clock; a restart keeps what is in the file, and nothing else. */
class Week {
  readonly told: string[] = [];
  #state: ReminderState = nothingSaid;

  look(nowMs: number, loginAtMs: number | undefined = login): void {
    const { state, reminder } = nextReminder(this.#state, loginAtMs, nowMs);
    this.#state = state;
    if (reminder !== undefined) this.told.push(nameOf(reminder));
  }

  lookAtUnknown(nowMs: number): void {
    const { state, reminder } = nextReminder(this.#state, undefined, nowMs);
    this.#state = state;
    if (reminder !== undefined) this.told.push(nameOf(reminder));
  }

  restart(): void {
    this.#state = JSON.parse(JSON.stringify(this.#state)) as ReminderState;
  }
}

function nameOf(reminder: Reminder): string {
  if (reminder.kind !== 'due') return reminder.kind;
  const hours = REMINDER_HOURS.findLast((mark) => reminder.leftMs <= mark * HOUR);
  return String(hours);
}

const all = ['48', '24', '6', '1', 'over'];
/** The time from one look to the next, at most. */
const step = fc.integer({ min: MINUTE, max: 25 * MINUTE });

test('in a week of 25-minute steps with restarts, each reminder comes exactly once, in its order', () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 0, max: 25 * MINUTE }),
      fc.array(fc.boolean(), { maxLength: 500 }),
      (first, restarts) => {
        const week = new Week();
        for (let now = login + first, count = 0; now < end + 2 * HOUR; now += 25 * MINUTE, count += 1) {
          week.look(now);
          if (restarts[count] === true) week.restart();
        }
        expect(week.told).toEqual(all);
      },
    ),
  );
});

test('each reminder comes at the first look after its time', () => {
  for (const hours of REMINDER_HOURS) {
    const week = new Week();
    week.look(end - hours * HOUR - 1);
    const before = week.told.length;
    week.look(end - hours * HOUR);
    expect(week.told.slice(before)).toEqual([String(hours)]);
  }
});

test.each([
  ['a day and a half before the end', end - 36 * HOUR, '48'],
  ['seven hours before the end', end - 7 * HOUR, '24'],
  ['within the last hour', end - 10 * MINUTE, '1'],
  ['at the end itself', end, 'over'],
  ['a year after it', end + 8_760 * HOUR, 'over'],
])('a first start %s says only the most urgent thing, once', (_when, now, said) => {
  const week = new Week();
  week.look(now);
  week.look(now);
  week.restart();
  week.look(now);
  expect(week.told).toEqual([said]);
});

test('a fresh login is nothing to talk about, nor is one that claims to be made in the future', () => {
  const week = new Week();
  week.look(login);
  week.look(end - 48 * HOUR - 1);
  week.look(login - 1_000 * HOUR);
  expect(week.told).toEqual([]);
});

test('a new login starts anew, and the old one is forgotten', () => {
  const week = new Week();
  week.look(end - HOUR);
  week.look(end - HOUR, end - HOUR);
  for (let now = end - HOUR; now < end + WEEK; now += 25 * MINUTE) week.look(now, end - HOUR);
  expect(week.told).toEqual(['1', ...all]);
});

test('a login is the same one when its time was read with or without its milliseconds', () => {
  const week = new Week();
  week.look(end - 30 * MINUTE, login + 789);
  week.look(end - 30 * MINUTE, login);
  expect(week.told).toEqual(['1']);
});

test('a login of unknown time is said once, also across restarts, and takes no reminder from a known one', () => {
  const week = new Week();
  week.look(end - 24 * HOUR);
  week.lookAtUnknown(end - 24 * HOUR);
  week.lookAtUnknown(end + WEEK);
  week.restart();
  week.lookAtUnknown(end + WEEK);
  week.look(end - 23 * HOUR);
  week.look(end - 6 * HOUR);
  expect(week.told).toEqual(['24', 'unknown_login', '6']);
});

test('however the clock jumps, nothing is said twice, and in the week that follows nothing is left out', () => {
  const jump = fc.integer({ min: -2 * WEEK, max: 2 * WEEK });
  fc.assert(
    fc.property(fc.array(fc.tuple(jump, fc.boolean()), { maxLength: 30 }), step, (jumps, stepMs) => {
      const week = new Week();
      for (const [offsetMs, restarts] of jumps) {
        week.look(login + offsetMs);
        if (restarts) week.restart();
      }
      for (let now = end - 49 * HOUR; now < end + HOUR; now += stepMs) week.look(now);
      expect([...week.told].sort()).toEqual([...all].sort());
    }),
    { numRuns: 50 },
  );
});

test('a clock that was wrong by days for a moment does not cost the reminders between', () => {
  const week = new Week();
  week.look(end - 100 * HOUR);
  week.look(end - 5 * HOUR);
  for (let now = end - 100 * HOUR; now < end + HOUR; now += 25 * MINUTE) week.look(now);
  expect(week.told).toEqual(['6', '48', '24', '1', 'over']);
});
