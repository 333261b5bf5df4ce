/** A number at or above this is milliseconds: as seconds it would be the year 5138, as milliseconds it is 1973. */
export const FIRST_MILLISECOND_VALUE = 1e11;

/** The last instant that a Date can hold, in epoch milliseconds (ECMA-262, "Time Values and Time Range"). */
export const LAST_INSTANT_MS = 8.64e15;

/** Epoch seconds or milliseconds written as a string. */
export const DIGITS: RegExp = /^[0-9]+(\.[0-9]+)?$/;

/** ISO 8601, extended format: a date and, if wanted, a time of day and an offset. */
export const ISO_8601: RegExp =
  /^([0-9]{4}-[0-9]{2}-[0-9]{2})([Tt ]([0-9]{2}:[0-9]{2})(:[0-9]{2}([.,][0-9]+)?)?([Zz]|[+-][0-9]{2}(:?[0-9]{2})?)?)?$/;

/** How a point in time was written: as a number of seconds or of milliseconds, as a string of digits, or as ISO 8601. */
export type InstantNotation = 'seconds' | 'milliseconds' | 'digits' | 'iso8601';

/**
 * Reads a point in time in any form that is seen in the field, as epoch milliseconds.
 *
 * Understood: seconds or milliseconds (from 1e11 on) since the epoch, as a number or a string of digits, fractions
 * floored; ISO 8601, which is local time if it has no offset. Undefined for anything else, for a time before 1970 and for one
 * that a Date cannot hold.
 */
export function parseInstant(value: unknown): number | undefined {
  const instantMs = epochMs(value);
  return instantMs >= 0 && instantMs <= LAST_INSTANT_MS ? instantMs : undefined;
}

/** How a value that parseInstant understands is written. */
export function instantNotation(value: number | string): InstantNotation {
  if (typeof value === 'number') return value < FIRST_MILLISECOND_VALUE ? 'seconds' : 'milliseconds';
  return DIGITS.test(value) ? 'digits' : 'iso8601';
}

/** NaN for what is no point in time. */
function epochMs(value: unknown): number {
  if (typeof value === 'number') return fromNumber(value);
  if (typeof value !== 'string') return Number.NaN;
  return DIGITS.test(value) ? fromNumber(Number(value)) : fromIso8601(value);
}

function fromNumber(value: number): number {
  return value < FIRST_MILLISECOND_VALUE ? Math.floor(value) * 1000 : Math.floor(value);
}

function fromIso8601(text: string): number {
  const [, date, , time = '00:00', seconds = ':00', , offset = ''] = ISO_8601.exec(text) ?? [];
  if (date === undefined || !isInCalendar(date)) return Number.NaN;
  return Date.parse(`${date}T${time}${seconds.replace(',', '.')}${fullOffset(offset)}`);
}

/** `+05` and `+0530` as the `+05:00` and `+05:30` that Date.parse is specified for. */
function fullOffset(offset: string): string {
  if (offset.length <= 1) return offset.toUpperCase();
  return `${offset.slice(0, 3)}:${offset.slice(3).replace(':', '') || '00'}`;
}

/** Date.parse takes 30 February for 2 March. */
function isInCalendar(date: string): boolean {
  const midnight = new Date(`${date}T00:00:00Z`);
  return !Number.isNaN(midnight.getTime()) && midnight.toISOString().startsWith(date);
}
