/** A month at random. The same seed makes the same plan. */
import type { Plan, PlanEvent } from './plan-events.ts';
import { Random } from './random.ts';
import { TARGETS } from './receivers.ts';

export const SECOND = 1_000;
export const MINUTE: number = 60 * SECOND;
export const HOUR: number = 60 * MINUTE;
export const DAY: number = 24 * HOUR;
const MONTH_MS: number = 30 * DAY;

/** How often each comes in a plan of middling weather; the logins are made apart. */
const USUAL_COUNT = {
  outage: 5,
  overload: 3,
  slow: 3,
  odd_refusals: 3,
  odd_unauthorized: 2,
  refused_for: 1,
  unauthorized_for: 0.7,
  lost_answers: 2,
  revoke: 0.5,
  login_elsewhere: 0.3,
  other_refresh: 2,
  older_file: 1,
  broken_file: 0.7,
  removed_file: 0.5,
  clock: 3,
  suspend: 4,
  disk_full: 2,
  receiver: 8,
  restart: 4,
  asked: 3,
  reload: 2,
} as const;

const FORMS = ['A', 'B', 'C', 'C_spaces', 'rfc'] as const;

type Kind = keyof typeof USUAL_COUNT;

export function makePlan(seed: number): Plan {
  const random = new Random(seed, 'plan');
  // From calm to rough.
  const weather = random.spread(30, 300) / 100;
  const events = logins(random);
  for (const [kind, count] of Object.entries(USUAL_COUNT)) {
    const most = count * weather;
    const times = Math.floor(most * 2 * random.next() + random.next());
    for (let time = 0; time < times; time += 1)
      events.push(...eventsOf(kind as Kind, momentFor(random, events), random));
  }
  return {
    seed,
    lengthMs: MONTH_MS,
    rotation: random.pick(['same', 'same', 'absent', 'at_once', 'gently']),
    expiresIn: random.pick([1800, 1800, '1800', 3600]),
    events: events.filter(({ atMs }) => atMs < MONTH_MS).sort((one, other) => one.atMs - other.atMs),
  };
}

/** About one a week: in good time, on the last hour, or after trading had stopped. */
function logins(random: Random): PlanEvent[] {
  const events: PlanEvent[] = [];
  let loginAtMs = 0;
  for (;;) {
    const early = 7 * DAY - random.spread(10 * MINUTE, 4 * DAY);
    const late = 7 * DAY + random.spread(MINUTE, 2 * DAY);
    loginAtMs += random.chance(0.8) ? early : late;
    if (loginAtMs >= MONTH_MS) return events;
    events.push(login(random, loginAtMs));
  }
}

function login(random: Random, atMs: number): PlanEvent {
  const by = random.chance(0.5) ? 'command' : 'other_program';
  return { atMs, kind: 'login', by, fileAfterMs: random.spread(10, 20 * SECOND) };
}

/** At any time, or soon after something else: most faults are two at once. */
function momentFor(random: Random, events: readonly PlanEvent[]): number {
  const other = events[random.whole(0, events.length - 1)];
  if (other === undefined || random.chance(0.5)) return random.whole(0, MONTH_MS);
  return other.atMs + random.spread(10, 30 * MINUTE);
}

function eventsOf(kind: Kind, atMs: number, random: Random): PlanEvent[] {
  const form = random.pick(FORMS);
  switch (kind) {
    case 'outage': {
      const how = random.pick([
        ...(['unreachable', 'not_found', 'reset', 'hang', 'blocked'] as const),
        ...(['error_500', 'error_503', 'empty_502', 'not_json'] as const),
      ]);
      return [{ atMs, kind, forMs: random.spread(2 * SECOND, 3 * DAY), how }];
    }
    case 'overload': {
      const retryAfter = random.pick(['none', 'seconds', 'date'] as const);
      const share = random.pick([0.3, 0.7, 1]);
      return [
        { atMs, kind, forMs: random.spread(MINUTE, 6 * HOUR), share, retryAfter, seconds: random.spread(1, 900) },
      ];
    }
    case 'slow':
      return [{ atMs, kind, forMs: random.spread(MINUTE, 6 * HOUR), delayMs: random.spread(SECOND, 45 * SECOND) }];
    case 'odd_refusals':
      return [{ atMs, kind, times: random.whole(1, 2), form }];
    case 'odd_unauthorized':
      return [{ atMs, kind, times: random.whole(1, 2) }];
    case 'refused_for':
      return [{ atMs, kind, forMs: random.spread(MINUTE, 4 * HOUR), form }];
    case 'unauthorized_for':
      return [{ atMs, kind, forMs: random.spread(MINUTE, 4 * HOUR) }];
    case 'lost_answers':
      return [{ atMs, kind, times: random.whole(1, 3), how: random.pick(['reset', 'timeout', 'cut_off'] as const) }];
    case 'clock': {
      const byMs = random.spread(2 * SECOND, 4 * DAY) * random.pick([-1, 1]);
      const moved: PlanEvent = { atMs, kind, byMs };
      // Somebody, or NTP, puts most clocks right again.
      return random.chance(0.8) ? [moved, { atMs: atMs + random.spread(MINUTE, 2 * DAY), kind, byMs: -byMs }] : [moved];
    }
    case 'suspend':
      return [{ atMs, kind, forMs: random.spread(MINUTE, 3 * DAY) }];
    case 'disk_full':
      return [{ atMs, kind, forMs: random.spread(MINUTE, 12 * HOUR) }];
    case 'receiver': {
      const how = random.pick(['gone', 'gone', 'refuses', 'busy', 'hangs'] as const);
      return [{ atMs, kind, receiver: random.whole(0, TARGETS.length - 1), forMs: random.spread(SECOND, DAY), how }];
    }
    case 'restart':
      return [
        { atMs, kind, how: random.pick(['crash', 'stop'] as const), downMs: random.spread(2 * SECOND, 12 * HOUR) },
      ];
    case 'asked': {
      const asked: PlanEvent = { atMs, kind, times: random.whole(1, 6), everyMs: random.spread(1, 10 * SECOND) };
      if (random.chance(0.7)) return [asked];
      // Just then it is stopped, or crashes.
      const endsAtMs = atMs + random.spread(1, 2 * SECOND);
      const how = random.pick(['crash', 'stop'] as const);
      return [asked, { atMs: endsAtMs, kind: 'restart', how, downMs: random.spread(2 * SECOND, HOUR) }];
    }
    case 'revoke':
    case 'login_elsewhere':
      // A person finds out, and logs in.
      return [{ atMs, kind }, login(random, atMs + random.spread(10 * MINUTE, DAY))];
    case 'other_refresh':
    case 'older_file':
    case 'broken_file':
    case 'removed_file':
    case 'reload':
      return [{ atMs, kind }];
  }
}
