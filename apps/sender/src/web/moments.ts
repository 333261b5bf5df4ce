/**
 * Points in time and the time left, in words. The page's script writes the same in the browser's time zone (script-js.ts):
 * change both. Pure.
 */
import { markup, type Html } from './html.ts';

const DAYS = ['Sun', 'Mon', 'Tue', 'Wed', 'Thu', 'Fri', 'Sat'];
const MONTHS = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec'];

/** A time that the script can move into the browser's zone; as it stands, it is the server's time, and says so. */
export function moment(atMs: number, nowMs: number): Html {
  return markup`<time datetime="${new Date(atMs).toISOString()}">${clock(atMs, nowMs)} ${zone(atMs)}</time>`;
}

/** `12:25` on the day of `nowMs`, else `Tue 24 Nov, 12:25`, with the year if it is another one; local time. */
export function clock(atMs: number, nowMs: number): string {
  const date = new Date(atMs);
  const now = new Date(nowMs);
  const time = `${two(date.getHours())}:${two(date.getMinutes())}`;
  if (date.toDateString() === now.toDateString()) return time;
  const year = date.getFullYear() === now.getFullYear() ? '' : ` ${date.getFullYear()}`;
  return `${DAYS[date.getDay()] ?? ''} ${date.getDate()} ${MONTHS[date.getMonth()] ?? ''}${year}, ${time}`;
}

/** `UTC`, `UTC+1`, `UTC-3:30`: the offset that holds at that moment. */
function zone(atMs: number): string {
  const minutes = -new Date(atMs).getTimezoneOffset();
  if (minutes === 0) return 'UTC';
  const rest = Math.abs(minutes) % 60;
  return `UTC${minutes < 0 ? '-' : '+'}${Math.floor(Math.abs(minutes) / 60)}${rest === 0 ? '' : `:${two(rest)}`}`;
}

function two(value: number): string {
  return String(value).padStart(2, '0');
}

/** The time left, as a large and a small part: `6 days` and `4 hours left`. Seconds only for the last two minutes. */
export function timeLeft(ms: number): readonly [large: string, small: string] {
  const seconds = Math.max(0, Math.floor(ms / 1_000));
  const minutes = Math.floor(seconds / 60);
  const hours = Math.floor(minutes / 60);
  const days = Math.floor(hours / 24);
  if (days > 0) return [count(days, 'day'), rest(hours % 24, 'hour')];
  if (hours > 0) return [count(hours, 'hour'), rest(minutes % 60, 'minute')];
  if (minutes >= 2) return [count(minutes, 'minute'), 'left'];
  return [count(seconds, 'second'), 'left'];
}

function rest(amount: number, unit: string): string {
  return amount === 0 ? 'left' : `${count(amount, unit)} left`;
}

function count(amount: number, unit: string): string {
  return `${amount} ${unit}${amount === 1 ? '' : 's'}`;
}

/** The time left in one piece, which the script counts down. */
export function countdown(untilMs: number, nowMs: number): Html {
  return markup`<span data-until="${untilMs}">${timeLeft(untilMs - nowMs).join(' ')}</span>`;
}
