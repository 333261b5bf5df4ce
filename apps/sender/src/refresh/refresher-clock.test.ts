import { expect, test } from 'vitest';
import { HOUR, MINUTE, passing, RefresherRig, refused, SECOND } from '../../tests/refresher-rig.ts';

const DAY = 24 * HOUR;

test.each([
  ['the clock is set back by a day', ({ clock }: RefresherRig) => clock.setWall(-DAY)],
  ['the clock is set forward by a day', ({ clock }: RefresherRig) => clock.setWall(DAY)],
  ['the machine was suspended for an hour', ({ clock }: RefresherRig) => clock.suspend(HOUR)],
])('%s: refreshed within one piece of 30 seconds, and then every 25 minutes as before', async (_name, happen) => {
  const rig = await new RefresherRig().start();
  await rig.pass(10 * MINUTE);
  expect(rig.asked).toEqual([]);
  happen(rig);
  await rig.pass(30 * SECOND);
  expect(rig.asked).toHaveLength(1);
  await rig.pass(50 * MINUTE);
  expect(rig.asked).toHaveLength(3);
});

test.each([
  ['by 13 minutes, which its time of issue does not show', 13],
  ['by 24 minutes', 24],
  ['by half an hour', 30],
])('an old token, and the clock is set back %s: the next one is there before it expires', async (_name, minutes) => {
  const rig = await new RefresherRig().start();
  await rig.pass(24 * MINUTE);
  rig.clock.setWall(-minutes * MINUTE);
  await rig.pass(MINUTE);
  expect(rig.asked).toHaveLength(1);
  await rig.pass(25 * MINUTE);
  expect(rig.asked).toHaveLength(2);
});

test('a suspend, and a clock that is set back by as much: the token is as old as it is', async () => {
  const rig = await new RefresherRig().start();
  await rig.pass(10 * MINUTE);
  rig.clock.suspend(12 * MINUTE);
  rig.clock.setWall(-12 * MINUTE);
  await rig.pass(3 * MINUTE + 30 * SECOND);
  expect(rig.asked).toHaveLength(1);
});

test('the clock is set forward, and a refresh is asked for: two refusals within seconds do not make three', async () => {
  const rig = await new RefresherRig().start();
  rig.answer = refused;
  for (let time = 0; time < 3; time += 1) {
    const asked = rig.refresher.refreshNow();
    await rig.pass(SECOND);
    await asked;
    rig.clock.setWall(HOUR);
  }
  expect(rig.state).toBe('confirming');
});

test('the clock is set back twice while a login is required: asked again after 30 minutes all the same', async () => {
  const rig = await new RefresherRig().start();
  rig.answer = refused;
  await rig.pass(30 * MINUTE);
  expect(rig.state).toBe('login_required');
  const before = rig.asked.length;
  for (let time = 0; time < 2; time += 1) {
    await rig.pass(10 * MINUTE);
    rig.clock.setWall(-9 * MINUTE);
  }
  await rig.pass(10 * MINUTE);
  expect(rig.asked.length).toBe(before + 1);
});

test('never twice within a second, also when the clock is set back in between', async () => {
  const rig = await new RefresherRig().start();
  await rig.refresher.refreshNow();
  rig.clock.setWall(-HOUR);
  const again = rig.refresher.refreshNow();
  await rig.pass(SECOND - 1);
  expect(rig.asked).toHaveLength(1);
  await rig.pass(1);
  await again;
  expect(rig.asked).toHaveLength(2);
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
