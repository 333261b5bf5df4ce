/** Plans of one fault each that has been mended: without the mend, each breaks a promise. */
import { expect, test } from 'vitest';
import { DAY, HOUR, MINUTE, SECOND } from './make-plan.ts';
import type { PlanEvent } from './plan-events.ts';
import { simulate } from './simulate.ts';

async function breachOf(events: readonly PlanEvent[]): Promise<unknown> {
  const plan = { seed: 1, lengthMs: 4 * DAY, rotation: 'at_once', expiresIn: 1800, events } as const;
  return (await simulate(plan)).breach;
}

test('a suspend, and a clock that is set back by as much, do not hide the age of a token', async () => {
  const events: PlanEvent[] = [
    { kind: 'suspend', atMs: HOUR + 5 * SECOND, forMs: 20 * MINUTE },
    { kind: 'clock', atMs: HOUR + 20 * MINUTE + 6 * SECOND, byMs: -20 * MINUTE },
  ];
  expect(await breachOf(events)).toBeUndefined();
});

test('a login that was made on a clock days ahead gives way to one that is made after the clock was put right', async () => {
  const events: PlanEvent[] = [
    { kind: 'clock', atMs: HOUR, byMs: 3 * DAY },
    { kind: 'login', atMs: 2 * HOUR, by: 'command', fileAfterMs: 0 },
    { kind: 'clock', atMs: 3 * HOUR, byMs: -3 * DAY },
    { kind: 'login', atMs: 4 * HOUR + 10 * MINUTE, by: 'other_program', fileAfterMs: SECOND },
  ];
  expect(await breachOf(events)).toBeUndefined();
});

test('a 401 for hours: somebody is told, and the token is served again when it is over', async () => {
  expect(await breachOf([{ kind: 'unauthorized_for', atMs: HOUR, forMs: 3 * HOUR }])).toBeUndefined();
});

test('a clock that is set forward does not shorten the wait of a login that is required', async () => {
  const events: PlanEvent[] = [
    { kind: 'revoke', atMs: HOUR },
    { kind: 'clock', atMs: 2 * HOUR, byMs: 29 * MINUTE },
    { kind: 'clock', atMs: 3 * HOUR, byMs: -29 * MINUTE },
  ];
  expect(await breachOf(events)).toBeUndefined();
});

test('a login that came from the future, because the clock was set back before its file was there, is not given up for an older one', async () => {
  const events: PlanEvent[] = [
    { kind: 'login', atMs: 20 * HOUR, by: 'other_program', fileAfterMs: 4 * SECOND },
    { kind: 'clock', atMs: 20 * HOUR + SECOND, byMs: -9 * HOUR },
    { kind: 'older_file', atMs: 21 * HOUR },
  ];
  expect(await breachOf(events)).toBeUndefined();
});
