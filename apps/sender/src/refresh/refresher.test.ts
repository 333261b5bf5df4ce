import { expect, test } from 'vitest';
import { granted, HOUR, MINUTE, passing, RefresherRig, SECOND } from '../../tests/refresher-rig.ts';
import { settle } from '../../tests/virtual-clock.ts';
import type { RefreshOutcome } from './token-answer.ts';

const minutesApart = (rig: RefresherRig) =>
  rig.asked.slice(1).map(({ atMs }, index) => (atMs - (rig.asked[index]?.atMs ?? 0)) / MINUTE);

test('the token is refreshed every 25 minutes, for hours, each time saved and published', async () => {
  const rig = await new RefresherRig().start();
  const startedAtMs = rig.clock.nowMs();
  await rig.pass(10 * HOUR);
  expect(rig.asked).toHaveLength(24);
  expect(rig.asked[0]?.atMs).toBe(startedAtMs + 25 * MINUTE);
  expect(minutesApart(rig)).toEqual(Array.from({ length: 23 }, () => 25));
  expect(rig.published.map(({ accessToken }) => accessToken)).toEqual([
    'access-first',
    ...rig.asked.map((_, index) => `access-${index + 1}`),
  ]);
  expect(rig.refresher.snapshot()).toMatchObject({ refreshes: 24, saved: true, state: { kind: 'healthy' } });
});

test('on start, a token that is not due is published and not refreshed; one that is due is refreshed and never published', async () => {
  const fresh = new RefresherRig();
  fresh.disk = fresh.tokenSet('fresh', { agoMs: 24 * MINUTE });
  await fresh.start();
  expect([fresh.asked.length, fresh.published.map(({ accessToken }) => accessToken)]).toEqual([0, ['access-fresh']]);

  const due = new RefresherRig();
  due.disk = due.tokenSet('due', { agoMs: 26 * MINUTE });
  await due.start();
  expect([due.asked.length, due.published.map(({ accessToken }) => accessToken)]).toEqual([1, ['access-1']]);
});

test('Saved before published: at every moment of publication the token is in the file', async () => {
  const rig = await new RefresherRig().start();
  await rig.pass(5 * HOUR);
  expect(rig.published.length).toBeGreaterThan(10);
  expect(rig.published.filter(({ saved }) => !saved)).toEqual([]);
});

test('The login time never moves on a refresh, and the refresh token stays if none comes', async () => {
  const rig = await new RefresherRig().start();
  const login = rig.disk;
  await rig.pass(24 * HOUR);
  expect(rig.disk).toMatchObject({ loginAtMs: login?.loginAtMs, refreshToken: login?.refreshToken });
});

test('a refresh token that comes with an answer is the one that is used next', async () => {
  const rig = new RefresherRig();
  rig.answer = {
    kind: 'granted',
    tokens: { accessToken: 'access-new', expiresInSeconds: 1800, refreshToken: 'refresh-2' },
  };
  await rig.start();
  await rig.pass(HOUR);
  expect(rig.asked.map(({ refreshToken }) => refreshToken)).toEqual(['refresh-first', 'refresh-2']);
});

test('One refresh at a time: callers at the same time, and the loop itself, share one attempt', async () => {
  const rig = new RefresherRig();
  const answer = Promise.withResolvers<RefreshOutcome>();
  rig.answer = () => answer.promise;
  await rig.start();
  await rig.pass(25 * MINUTE);
  const reports = Array.from({ length: 20 }, () => rig.refresher.refreshNow());
  await rig.pass(5 * SECOND);
  expect(rig.refresher.snapshot().nextRefreshAtMs).toBeUndefined();
  answer.resolve(granted('access-shared'));
  expect(new Set(await Promise.all(reports)).size).toBe(1);
  expect(rig.asked).toHaveLength(1);
});

test('never twice within a second, however often it is asked', async () => {
  const rig = await new RefresherRig().start();
  rig.intervalMs = 1;
  const asking = async () => {
    for (let i = 0; i < 20; i += 1) await rig.refresher.refreshNow();
  };
  void asking();
  await rig.pass(15 * SECOND);
  expect(rig.asked.length).toBeGreaterThan(10);
  expect(Math.min(...minutesApart(rig)) * MINUTE).toBeGreaterThanOrEqual(SECOND);
});

test.each([
  ['of the loop', 25 * MINUTE],
  ['of a caller', 0],
])('A refresh once sent is not abandoned: stopping waits for the answer to one %s, and saves it', async (_name, ms) => {
  const rig = new RefresherRig();
  const answer = Promise.withResolvers<RefreshOutcome>();
  rig.answer = () => answer.promise;
  await rig.start();
  await rig.pass(ms);
  if (ms === 0) void rig.refresher.refreshNow();
  await settle();
  expect(rig.asked).toHaveLength(1);
  let hasStopped = false;
  const stopped = rig.askToStop().then(() => (hasStopped = true));
  await settle();
  expect(hasStopped).toBe(false);
  answer.resolve(granted('access-late'));
  await stopped;
  expect(rig.disk).toMatchObject({ accessToken: 'access-late' });
});

test('while it stops, nothing new is sent: not to a caller, and not to one who waits for his second', async () => {
  const rig = await new RefresherRig().start();
  await rig.refresher.refreshNow();
  const waiting = rig.refresher.refreshNow();
  await settle();
  await rig.stop();
  expect(await waiting).toMatchObject({ kind: 'stopping' });
  expect(await rig.refresher.refreshNow()).toMatchObject({ kind: 'stopping' });
  expect(rig.asked).toHaveLength(1);
});

test('it stops at once while it sleeps', async () => {
  const rig = await new RefresherRig().start();
  await rig.pass(7 * MINUTE);
  await rig.stop();
  expect(rig.asked).toEqual([]);
});

test('an answer whose token has hardly any life does not make it spin', async () => {
  const rig = new RefresherRig();
  rig.answer = granted('access-short', 1);
  await rig.start();
  void rig.refresher.refreshNow();
  await rig.pass(MINUTE);
  expect(rig.asked.length).toBeLessThanOrEqual(61);
});

test('the status is told of at least every 30 seconds, whatever happens, so that the watchdog is fed', async () => {
  const rig = new RefresherRig();
  rig.answer = passing;
  await rig.start();
  for (let piece = 0; piece < 200; piece += 1) {
    const before = rig.changes;
    await rig.pass(30 * SECOND);
    expect(rig.changes).toBeGreaterThan(before);
  }
});
