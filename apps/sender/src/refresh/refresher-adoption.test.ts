/** What the refresher makes of a token file that others change. The rules: packages/tokens/src/newest-login.ts. */
import type { TokenSet } from '@token-relay/tokens';
import { expect, test } from 'vitest';
import { granted, HOUR, MINUTE, RefresherRig, refused, SECOND } from '../../tests/refresher-rig.ts';
import type { RefreshReport } from './refresh-report.ts';

const DAY = 24 * HOUR;

/** A rig that has refreshed its login once, so that it is known to be good. */
async function working(): Promise<RefresherRig> {
  const rig = await new RefresherRig().start();
  await rig.pass(26 * MINUTE);
  expect(rig.state).toBe('healthy');
  return rig;
}

async function put(rig: RefresherRig, tokenSet: TokenSet): Promise<void> {
  rig.disk = tokenSet;
  rig.refresher.tokenFileChanged();
  await rig.pass(0);
}

/** One that was asked for, when the second since the last is over. */
async function refreshOf(rig: RefresherRig): Promise<RefreshReport> {
  const report = rig.refresher.refreshNow();
  await rig.pass(SECOND);
  return report;
}

function without(tokenSet: TokenSet, name: 'refreshToken' | 'loginAtMs'): TokenSet {
  return Object.fromEntries(Object.entries(tokenSet).filter(([member]) => member !== name));
}

test.each<[string, (newer: TokenSet) => TokenSet, RegExp]>([
  ['newer, and without a refresh token', (newer) => without(newer, 'refreshToken'), /has lost its refresh token/],
  ['of unknown time, whose token lives longer', (newer) => without(newer, 'loginAtMs'), /no creation_timestamp/],
  ['of next year', (newer) => ({ ...newer, loginAtMs: (newer.loginAtMs ?? 0) + 365 * DAY }), /in the future/],
])(
  'a file that is %s does not displace a login that works: said once, and the next refresh saves ours over it',
  async (_what, spoil, words) => {
    const rig = await working();
    const other = spoil(rig.tokenSet('other', { lifetimeMs: HOUR }));
    await put(rig, other);
    await put(rig, other);
    expect(rig.refresher.snapshot().tokenSet?.refreshToken).toBe('refresh-first');
    expect(rig.published.map(({ accessToken }) => accessToken)).not.toContain('access-other');
    await rig.pass(30 * MINUTE);
    expect(rig.disk).toMatchObject({ refreshToken: 'refresh-first', accessToken: `access-${rig.asked.length}` });
    expect(new Set(rig.asked.map(({ refreshToken }) => refreshToken))).toEqual(new Set(['refresh-first']));
    expect(rig.lines.filter((line) => line.startsWith('WARN'))).toEqual([expect.stringMatching(words)]);
  },
);

test('a login in the future that was taken over when there was no other keeps no true login out, and is told of once', async () => {
  const rig = new RefresherRig();
  const wrong = rig.tokenSet('wrong');
  rig.disk = { ...wrong, loginAtMs: (wrong.loginAtMs ?? 0) + 365 * DAY };
  await rig.start();
  await rig.pass(HOUR);
  expect(rig.count(/^WARN tokens\.json says that its login was made in the future, on 20\d\d-.*or the clock/)).toBe(1);
  expect(rig.count(/^WARN/)).toBe(1);
  // It may be the clock that is wrong: the time stays in the file.
  expect(rig.disk).toMatchObject({ accessToken: 'access-2', loginAtMs: (wrong.loginAtMs ?? 0) + 365 * DAY });
  await put(rig, rig.tokenSet('true'));
  expect(rig.published.at(-1)?.accessToken).toBe('access-true');
});

test('when Schwab has refused the login for good, an older one that lies in the file is tried before anybody is called', async () => {
  const rig = await working();
  const older = rig.tokenSet('older', { agoMs: 2 * DAY });
  await put(rig, older);
  expect(rig.refresher.snapshot().tokenSet?.refreshToken).toBe('refresh-first');
  rig.answer = () =>
    Promise.resolve(rig.asked.at(-1)?.refreshToken === 'refresh-older' ? granted('access-old') : refused);
  await rig.pass(30 * MINUTE);
  expect(rig.state).toBe('healthy');
  expect(rig.asked.slice(-4).map(({ refreshToken }) => refreshToken)).toEqual([
    'refresh-first',
    'refresh-first',
    'refresh-first',
    'refresh-older',
  ]);
  expect(rig.count(/^ERROR/)).toBe(0);
  expect(rig.count(/^INFO Other tokens found in tokens\.json: taken over, because the login in use is over/)).toBe(1);
  expect(rig.published.at(-1)?.accessToken).toBe('access-old');
  expect(rig.disk).toMatchObject({ refreshToken: 'refresh-older', loginAtMs: older.loginAtMs });
});

test('while a login is required, an older one is taken over as soon as it is put into the file', async () => {
  const rig = await working();
  rig.answer = refused;
  await rig.pass(30 * MINUTE);
  expect(rig.state).toBe('login_required');
  rig.answer = undefined;
  await put(rig, rig.tokenSet('older', { agoMs: 2 * DAY }));
  await rig.pass(SECOND);
  expect(rig.state).toBe('healthy');
  expect(rig.asked.at(-1)?.refreshToken).toBe('refresh-older');
});

test('Nothing needs a restart to recover: after a newer file without a refresh token was all there was, the good one is put back', async () => {
  const rig = new RefresherRig();
  const good = rig.tokenSet('good', { agoMs: DAY });
  rig.disk = without(rig.tokenSet('bare'), 'refreshToken');
  await rig.start();
  expect(rig.state).toBe('login_required');
  await put(rig, good);
  await rig.pass(SECOND);
  expect(rig.state).toBe('healthy');
  expect(rig.asked.at(-1)?.refreshToken).toBe('refresh-good');
});

test('while a login is required, tokens of ours that could not be saved are not given up for the file', async () => {
  const rig = await working();
  rig.diskFull = true;
  rig.answer = {
    kind: 'granted',
    tokens: { accessToken: 'access-rotated', refreshToken: 'refresh-rotated', expiresInSeconds: 1800 },
  };
  await rig.refresher.refreshNow();
  rig.answer = refused;
  await rig.pass(HOUR);
  expect(rig.state).toBe('login_required');
  rig.refresher.tokenFileChanged();
  await rig.pass(0);
  expect(rig.refresher.snapshot().tokenSet?.refreshToken).toBe('refresh-rotated');
});

test('a refusal after the 7 days of the login is told of as their end, not as an accident', async () => {
  const rig = new RefresherRig();
  rig.disk = rig.tokenSet('old', { agoMs: 7 * DAY });
  rig.answer = refused;
  await rig.start();
  expect(await refreshOf(rig)).toEqual({
    kind: 'refused',
    message: expect.stringMatching(
      /The 7 days of the login are over: log in again with: token-refresh-sender login$/,
    ) as string,
  });
  expect(rig.count(/^WARN .*refused.*; the 7 days of the login are over: log in again with: .*; next try in/)).toBe(2);
  expect(rig.count(/no proof/)).toBe(0);

  const inTime = new RefresherRig();
  inTime.disk = inTime.tokenSet('young', { agoMs: 7 * DAY - MINUTE });
  inTime.answer = refused;
  await inTime.start();
  expect((await refreshOf(inTime)).message).toMatch(/One refusal is no proof that the login is dead/);
  expect(inTime.count(/^WARN .*; one refusal is no proof; next try in/)).toBe(2);
});

test('what another host has made is taken over, and the journal says from whom and which revision', async () => {
  const rig = await new RefresherRig().start();
  const made = { ...rig.tokenSet('theirs'), origin: { host: 'alpha', revision: 8 } };
  expect(await rig.refresher.take(made, rig.manager.get())).toBe(true);
  expect(rig.manager.getAccessToken()).toBe('access-theirs');
  expect(rig.lines.at(-1)).toBe("INFO Tokens taken over from alpha, through the cluster's store, revision 8");
});
