/** What months came to, in numbers. */
import type { Happening } from './scene.ts';

export interface Tally {
  /** moments at which all promises were looked after */
  steps: number;
  requests: number;
  granted: number;
  alarms: number;
  reminders: number;
  deliveries: number;
  starts: number;
}

export function nothing(): Tally {
  return { steps: 0, requests: 0, granted: 0, alarms: 0, reminders: 0, deliveries: 0, starts: 0 };
}

export function count(tally: Tally, happening: Happening): void {
  if (happening.kind === 'asked') tally.requests += 1;
  else if (happening.kind === 'answered' && happening.meaning.kind === 'granted') tally.granted += 1;
  else if (happening.kind === 'hook' && happening.event === 'login_required') tally.alarms += 1;
  else if (happening.kind === 'hook' && happening.event === 'login_due') tally.reminders += 1;
  else if (happening.kind === 'sent') tally.deliveries += 1;
  else if (happening.kind === 'started') tally.starts += 1;
}

export function added(one: Tally, other: Tally): Tally {
  return {
    steps: one.steps + other.steps,
    requests: one.requests + other.requests,
    granted: one.granted + other.granted,
    alarms: one.alarms + other.alarms,
    reminders: one.reminders + other.reminders,
    deliveries: one.deliveries + other.deliveries,
    starts: one.starts + other.starts,
  };
}
