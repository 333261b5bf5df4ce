import { TokenError } from '@token-relay/tokens';
import { expect, test } from 'vitest';
import { HOUR, MINUTE, passing, RefresherRig, refused, SECOND, wrongCredentials } from '../../tests/refresher-rig.ts';
import type { RefreshOutcome } from './token-answer.ts';

const secondsAfterFirst = (rig: RefresherRig) =>
  rig.asked.map(({ atMs }) => (atMs - (rig.asked[0]?.atMs ?? 0)) / SECOND);

test('one refusal: nobody is told to log in', async () => {
  const rig = await new RefresherRig().start();
  rig.answer = refused;
  await rig.pass(25 * MINUTE);
  expect(rig.state).toBe('confirming');
  rig.answer = undefined;
  await rig.pass(30 * SECOND);
  expect(rig.state).toBe('healthy');
  expect(rig.count(/ERROR|[Ll]og in to/)).toBe(0);
});

test('three refusals, 30 seconds and 2 minutes apart: ERROR once, login required, asked again every 30 minutes, and nothing deleted', async () => {
  const rig = await new RefresherRig().start();
  rig.answer = refused;
  await rig.pass(25 * MINUTE + 150 * SECOND);
  expect(secondsAfterFirst(rig)).toEqual([0, 30, 150]);
  expect(rig.state).toBe('login_required');
  await rig.pass(3 * HOUR);
  expect(secondsAfterFirst(rig).slice(3)).toEqual([1, 2, 3, 4, 5, 6].map((half) => 150 + half * 1_800));
  expect(rig.count(/^ERROR Login required: .*tokens\.json/)).toBe(1);
  expect(rig.count(/^ERROR/)).toBe(1);
  expect(rig.disk).toMatchObject({ refreshToken: 'refresh-first' });
});

test('Nothing needs a restart to recover: Schwab accepts the login again', async () => {
  const rig = await new RefresherRig().start();
  rig.answer = refused;
  await rig.pass(HOUR);
  rig.answer = undefined;
  await rig.pass(30 * MINUTE);
  expect(rig.state).toBe('healthy');
  expect(rig.count(/^INFO Recovered/)).toBe(1);
  expect(rig.published.at(-1)?.accessToken).toBe(`access-${rig.asked.length}`);
});

test('a user who asks again and again while it is refused does not make a dead login of it', async () => {
  const rig = await new RefresherRig().start();
  rig.answer = refused;
  for (let i = 0; i < 5; i += 1) {
    expect(await rig.refresher.refreshNow()).toMatchObject({ kind: 'refused' });
    await rig.pass(2 * SECOND);
  }
  expect(rig.state).toBe('confirming');
});

test('Nothing needs a restart to recover: an outage of a day is retried within the backoff, in few lines, the valid token served', async () => {
  const rig = new RefresherRig();
  rig.disk = rig.tokenSet('due', { agoMs: 26 * MINUTE });
  rig.answer = passing;
  await rig.start();
  expect(rig.published.map(({ accessToken }) => accessToken)).toEqual(['access-due']);
  await rig.pass(24 * HOUR);
  const seconds = secondsAfterFirst(rig);
  const gaps = seconds.slice(1).map((at, index) => at - (seconds[index] ?? 0));
  expect(Math.max(...gaps)).toBeLessThanOrEqual(60);
  expect(Math.min(...gaps)).toBeGreaterThanOrEqual(1);
  expect(rig.asked.length).toBeGreaterThan(1_440);
  expect(rig.count(/^(WARN|ERROR)/)).toBeLessThan(15);
  expect(rig.published).toHaveLength(1);
  rig.answer = undefined;
  await rig.pass(MINUTE);
  expect(rig.state).toBe('healthy');
});

test('a fault between refusals is told of as what it is', async () => {
  const rig = await new RefresherRig().start();
  rig.answer = refused;
  await rig.pass(25 * MINUTE);
  rig.answer = passing;
  await rig.pass(30 * SECOND);
  expect(rig.lines.at(-1)).toMatch(/^WARN Token refresh failed: Schwab answered HTTP 503/);
});

test('Retry-After is waited for', async () => {
  const rig = await new RefresherRig().start();
  rig.answer = { kind: 'passing', reason: 'Schwab answered HTTP 429', retryAfterMs: 300_000 };
  await rig.pass(25 * MINUTE + 20 * MINUTE);
  expect(secondsAfterFirst(rig)).toEqual([0, 300, 600, 900, 1_200]);
});

test('wrong credentials: ERROR once, asked again soon, then every 30 minutes, at once when the configuration was read again', async () => {
  const rig = await new RefresherRig().start();
  rig.answer = wrongCredentials;
  await rig.pass(25 * MINUTE + HOUR);
  expect(secondsAfterFirst(rig)).toEqual([0, 30, 150, 1_950]);
  expect(rig.count(/^ERROR Wrong credentials: .*app\.yaml/)).toBe(1);
  rig.answer = undefined;
  await rig.pass(10 * SECOND);
  rig.refresher.configurationChanged();
  await rig.pass(0);
  expect(rig.state).toBe('healthy');
  expect(rig.asked).toHaveLength(5);
});

test('a newer login in the file is taken over at once, whatever the state, and published', async () => {
  for (const answer of [undefined, passing, refused, wrongCredentials]) {
    const rig = await new RefresherRig().start();
    rig.answer = answer;
    await rig.pass(HOUR);
    rig.disk = rig.tokenSet('newer');
    rig.answer = undefined;
    const asked = rig.asked.length;
    rig.refresher.tokenFileChanged();
    await rig.pass(0);
    expect(rig.state).toBe('healthy');
    expect(rig.published.at(-1)?.accessToken).toBe('access-newer');
    expect(rig.asked).toHaveLength(asked);
  }
});

test('a refusal: the file is read again first, and a newer login there is gone on with', async () => {
  const rig = await new RefresherRig().start();
  rig.answer = () => {
    rig.disk = { ...rig.tokenSet('newer'), loginAtMs: rig.clock.nowMs() + SECOND };
    rig.answer = undefined;
    return Promise.resolve(refused);
  };
  expect(await rig.refresher.refreshNow()).toMatchObject({ kind: 'adopted' });
  expect(rig.state).toBe('healthy');
  await rig.pass(25 * MINUTE);
  expect(rig.asked.map(({ refreshToken }) => refreshToken)).toEqual(['refresh-first', 'refresh-newer']);
});

test('a refusal of the old refresh token says nothing about the login that was taken over meanwhile', async () => {
  const rig = await new RefresherRig().start();
  const answer = Promise.withResolvers<RefreshOutcome>();
  rig.answer = () => answer.promise;
  const report = rig.refresher.refreshNow();
  await rig.pass(0);
  rig.disk = { ...rig.tokenSet('newer'), loginAtMs: rig.clock.nowMs() + SECOND };
  rig.refresher.tokenFileChanged();
  await rig.pass(0);
  answer.resolve(refused);
  expect(await report).toMatchObject({ kind: 'adopted' });
  expect(rig.state).toBe('healthy');
});

test('an answer for the old login does not overwrite the login that came meanwhile, and is not told of as a success', async () => {
  const rig = await new RefresherRig().start();
  const newer = { ...rig.tokenSet('newer'), loginAtMs: rig.clock.nowMs() + SECOND };
  rig.answer = () => {
    rig.disk = newer;
    return Promise.resolve({ kind: 'granted', tokens: { accessToken: 'access-old', expiresInSeconds: 1800 } } as const);
  };
  expect(await rig.refresher.refreshNow()).toMatchObject({ kind: 'adopted' });
  expect(rig.disk).toBe(newer);
  expect(rig.published.map(({ accessToken }) => accessToken)).toEqual(['access-first', 'access-newer']);
  expect(rig.count(/successfully/)).toBe(0);
});

test('a login that is taken over when it is due, while Schwab is down, is served for as long as it is valid', async () => {
  const rig = await new RefresherRig().start();
  rig.answer = passing;
  await rig.pass(HOUR);
  rig.disk = rig.tokenSet('almost-due', { agoMs: 26 * MINUTE });
  rig.refresher.tokenFileChanged();
  await rig.pass(SECOND);
  expect(rig.published.at(-1)?.accessToken).toBe('access-almost-due');
});

test('no token file, and a broken one: login required, said once, nobody asked, and taken over when it comes', async () => {
  for (const problem of [undefined, new TokenError('token_file_invalid', 'tokens.json is not a token file')]) {
    const rig = new RefresherRig();
    const login = rig.disk;
    rig.disk = undefined;
    rig.diskProblem = problem;
    await rig.start();
    await rig.pass(2 * HOUR);
    expect(rig.state).toBe('login_required');
    expect(rig.count(/^ERROR Login required/)).toBe(1);
    expect(rig.asked).toEqual([]);
    rig.disk = { ...login, ...rig.tokenSet('came') };
    rig.diskProblem = undefined;
    rig.refresher.tokenFileChanged();
    await rig.pass(0);
    expect(rig.published.map(({ accessToken }) => accessToken)).toEqual(['access-came']);
  }
});

test('a token file that breaks while it runs replaces nothing: said once, gone on with, put right by the next save', async () => {
  const rig = await new RefresherRig().start();
  rig.diskProblem = new TokenError('token_file_invalid', 'tokens.json is not a token file');
  for (let i = 0; i < 5; i += 1) {
    rig.refresher.tokenFileChanged();
    await rig.pass(MINUTE);
  }
  expect(rig.count(/^WARN tokens\.json is not a token file; going on/)).toBe(1);
  await rig.pass(25 * MINUTE);
  expect(rig.disk).toMatchObject({ accessToken: 'access-1' });
});

test('an older login that appears in the file is a mistake: ours is kept, said once, and saved over it', async () => {
  const rig = await new RefresherRig().start();
  rig.disk = rig.tokenSet('older', { agoMs: 24 * HOUR });
  for (let i = 0; i < 3; i += 1) {
    rig.refresher.tokenFileChanged();
    await rig.pass(MINUTE);
  }
  expect(rig.count(/^WARN .*older/)).toBe(1);
  await rig.pass(25 * MINUTE);
  expect(rig.disk).toMatchObject({ refreshToken: 'refresh-first' });
});
