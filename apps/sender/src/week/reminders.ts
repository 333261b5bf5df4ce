/** The week of a login: when its user is told that it ends. Pure; change the hours here. */
import { loginEndsAt } from '../login/login-lifetime.ts';

/** So many hours before its end; the last one is the most urgent. */
export const REMINDER_HOURS = [48, 24, 6, 1] as const;
/** The end itself, among the hours that were given. */
const END = 0;
const HOUR_MS = 3_600_000;

/** What was said already, and of which login. */
export interface ReminderState {
  /** Its `creation_timestamp`, in whole seconds: the name of a login. */
  readonly creationTimestamp?: number;
  /** The hours of the reminders that were given; 0: that the 7 days are over. */
  readonly given: readonly number[];
  /** Whether it was said that nobody knows when the login was made. */
  readonly unknownSaid: boolean;
}

export const nothingSaid: ReminderState = { given: [], unknownSaid: false };

export type Reminder =
  | { readonly kind: 'due'; readonly endsAtMs: number; readonly leftMs: number }
  | { readonly kind: 'over'; readonly endsAtMs: number }
  | { readonly kind: 'unknown_login' };

/**
 * What to say now, if anything, and what has been said then. Of several reminders that are due, only the most urgent one
 * is given. Those that it stands for are not marked as given: should the clock turn out to have been wrong, they come in
 * their time.
 * @param loginAtMs undefined: the token file does not say
 */
export function nextReminder(
  state: ReminderState,
  loginAtMs: number | undefined,
  nowMs: number,
): { readonly state: ReminderState; readonly reminder?: Reminder } {
  if (loginAtMs === undefined) {
    return state.unknownSaid
      ? { state }
      : { state: { ...state, unknownSaid: true }, reminder: { kind: 'unknown_login' } };
  }
  const creationTimestamp = Math.floor(loginAtMs / 1_000);
  const known = state.creationTimestamp === creationTimestamp ? state : { ...nothingSaid, creationTimestamp };
  const endsAtMs = loginEndsAt(loginAtMs);
  const leftMs = endsAtMs - nowMs;
  const hours = mostUrgent(leftMs);
  if (hours === undefined || known.given.includes(hours)) return { state: known };
  return {
    state: { ...known, given: [...known.given, hours] },
    reminder: hours === END ? { kind: 'over', endsAtMs } : { kind: 'due', endsAtMs, leftMs },
  };
}

function mostUrgent(leftMs: number): number | undefined {
  return leftMs <= 0 ? END : REMINDER_HOURS.findLast((hours) => leftMs <= hours * HOUR_MS);
}
