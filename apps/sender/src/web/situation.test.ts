import { expect, test } from 'vitest';
import { madeUpCluster, madeUpReport, madeUpStates } from '../../tests/made-up-web-source.ts';
import type { StatusReport } from '../status/status-report.ts';
import { situationOf } from './situation.ts';
import type { Tone } from './timeline.ts';

const now = Date.parse('2026-11-20T15:40:00Z');
const ended = { logged_in_at: '2026-11-13T15:40:00Z', ends_at: '2026-11-20T15:40:00Z' };

const expired = { fingerprint: '5c1fae09', expires_at: '2026-11-20T15:40:00Z' };

const withoutKeys = (report: StatusReport, ...keys: (keyof StatusReport)[]): StatusReport =>
  Object.fromEntries(Object.entries(report).filter(([key]) => !keys.some((gone) => gone === key))) as StatusReport;

test.each<[string, StatusReport, Tone, RegExp, RegExp | undefined]>([
  ['all well', madeUpReport(now), 'good', /All is well/, undefined],
  [
    'a passing fault',
    madeUpReport(now, { state: 'retrying', problem: 'ENOTFOUND' }),
    'watch',
    /refresh failed/,
    undefined,
  ],
  ['a refusal', madeUpReport(now, { state: 'confirming', problem: 'no' }), 'watch', /Making sure/, undefined],
  [
    'a dead login',
    madeUpReport(now, { state: 'login_required', advice: 'Log in.' }),
    'bad',
    /Log in again/,
    /Log in\./,
  ],
  [
    'wrong credentials',
    madeUpReport(now, { state: 'misconfigured', advice: 'Compare.' }),
    'bad',
    /credentials/,
    /Compare/,
  ],
  ['unsaved tokens', madeUpReport(now, { saved: false }), 'bad', /not saved/, /writable/],
  ['no token yet', withoutKeys(madeUpReport(now), 'access_token'), 'watch', /No token yet/, undefined],
  [
    'a host of a cluster that has no token yet',
    withoutKeys(madeUpReport(now, { state: 'waiting', problem: 'waiting for alpha' }), 'access_token'),
    'watch',
    /No token yet/,
    /would end the one that they have/,
  ],
  [
    'a host of a cluster whose token has expired',
    madeUpReport(now, { state: 'waiting', problem: 'waiting for alpha', access_token: expired }),
    'bad',
    /access token has expired/,
    /cluster status/,
  ],
  ['a token that has expired', madeUpReport(now, { access_token: expired }), 'watch', /has expired/, undefined],
  [
    'a login that ends soon',
    madeUpReport(now, { login: { ...ended, ends_at: '2026-11-22T15:40:00Z' } }),
    'watch',
    /ends soon/,
    /before it ends/,
  ],
  ['seven days over', madeUpReport(now, { login: ended }), 'bad', /are over/, /Log in/],
  [
    'a store that is away, with another host that led',
    madeUpReport(now, { cluster: madeUpCluster(now, { role: 'waiting', leader: 'beta', problem: 'no answer' }) }),
    'watch',
    /store is away/,
    /nothing here has to be restarted/,
  ],
  [
    'a store that is away, where this host led',
    madeUpReport(now, { cluster: madeUpCluster(now, { role: 'alone', problem: 'no answer' }) }),
    'watch',
    /store is away/,
    /other hosts wait/,
  ],
  [
    'a store that cannot be used',
    madeUpReport(now, { cluster: madeUpCluster(now, { role: 'single', problem: 'another key' }) }),
    'watch',
    /cannot be used/,
    /joins by itself/,
  ],
  ['a cluster that is well', madeUpReport(now, { cluster: madeUpCluster(now) }), 'good', /All is well/, undefined],
  ['an unknown login', withoutKeys(madeUpReport(now), 'login'), 'watch', /unknown/, /Log in once/],
])('%s: tone, headline and what to do', (_name, report, tone, headline, advice) => {
  const situation = situationOf(report, now);
  expect(situation.tone).toBe(tone);
  expect(situation.headline).toMatch(headline);
  expect(situation.explanation).not.toBe(' ');
  if (advice === undefined) expect(situation.advice).toBeUndefined();
  else expect(situation.advice).toMatch(advice);
});

test('a failing refresh is bad only once the token has expired, and says which it is', () => {
  const failing = (expiresAt: string) =>
    situationOf(
      madeUpReport(now, { state: 'retrying', problem: 'x', access_token: { fingerprint: 'f', expires_at: expiresAt } }),
      now,
    );
  expect(failing('2026-11-20T15:40:01Z')).toMatchObject({ tone: 'watch' });
  expect(failing('2026-11-20T15:40:01Z').explanation).toContain('goes on being served');
  expect(failing('2026-11-20T15:40:00Z')).toMatchObject({ tone: 'bad' });
  expect(failing('2026-11-20T15:40:00Z').explanation).toContain('no valid token');
});

test('a target that gets nothing is named, with why', () => {
  const missing = madeUpStates(now)['target missing'];
  const situation = situationOf(missing?.report ?? madeUpReport(now), now);
  expect(situation.headline).toBe('trading-bot does not get its tokens');
  expect(situation.explanation).toContain('trading-bot: Nobody is listening on unix:/tmp/bigbrother_token.sock.');
});
