import { expect, test } from 'vitest';
import { HOUR, MINUTE, passing, RefresherRig, refused, SECOND } from '../../tests/refresher-rig.ts';

const DAY = 24 * HOUR;

test.each([
  ['the clock is set back by a day', -DAY],
  ['the clock is set forward by a day', DAY],
  ['the machine was suspended for an hour', HOUR],
])('%s: refreshed within one piece of 30 seconds, and then every 25 minutes as before', async (_name, byMs) => {
  const rig = await new RefresherRig().start();
  await rig.pass(10 * MINUTE);
  expect(rig.asked).toEqual([]);
  rig.clock.setWall(byMs);
  await rig.pass(30 * SECOND);
  expect(rig.asked).toHaveLength(1);
  await rig.pass(50 * MINUTE);
  expect(rig.asked).toHaveLength(3);
});

test.each([
  ['back by a day', -DAY],
  ['forward by a day', DAY],
])('the clock is set %s in an outage: the backoff is never longer than it was meant to be', async (_name, byMs) => {
  const rig = await new RefresherRig().start();
  rig.answer = passing;
  await rig.pass(40 * MINUTE);
  rig.clock.setWall(byMs);
  const before = rig.asked.length;
  await rig.pass(2 * MINUTE);
  expect(rig.asked.length).toBeGreaterThan(before);
  rig.answer = undefined;
  await rig.pass(90 * SECOND);
  expect(rig.state).toBe('healthy');
});

test('the clock is set back between two refusals: confirmed all the same, in its time', async () => {
  const rig = await new RefresherRig().start();
  rig.answer = refused;
  await rig.pass(25 * MINUTE + 40 * SECOND);
  rig.clock.setWall(-DAY);
  await rig.pass(3 * MINUTE);
  expect(rig.state).toBe('login_required');
});

test('the clock is set back while a save is tried again: saved soon all the same', async () => {
  const rig = await new RefresherRig().start();
  rig.diskFull = true;
  await rig.pass(30 * MINUTE);
  rig.answer = passing;
  rig.clock.setWall(-DAY);
  rig.diskFull = false;
  await rig.pass(2 * MINUTE);
  expect(rig.refresher.snapshot().saved).toBe(true);
});
