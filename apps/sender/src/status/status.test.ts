import { readFileSync } from 'node:fs';
import { stripVTControlCharacters } from 'node:util';
import { beforeEach, afterEach, expect, test, vi } from 'vitest';
import * as z from 'zod/mini';
import type { RefresherSnapshot } from '../refresh/refresh-report.ts';
import { buildReport } from './build-report.ts';
import type { ClusterStatus } from './cluster-status.ts';
import { duration } from './duration.ts';
import { statusSchema } from './status-report.ts';
import { statusJsonSchema } from './status-schema.ts';
import { statusLines, systemdStatus } from './status-text.ts';

const now = Date.parse('2026-11-20T12:00:00Z');
const minute = 60_000;
const secrets = { accessToken: 'I0.made-up-access@', refreshToken: 'made-up-refresh@', idToken: 'made.up.jwt' };

beforeEach(() => {
  vi.stubEnv('TZ', 'UTC');
});
afterEach(() => {
  vi.unstubAllEnvs();
});

const snapshot: RefresherSnapshot = {
  state: { kind: 'healthy' },
  tokenSet: {
    ...secrets,
    issuedAtMs: now - 5 * minute,
    expiresAtMs: now + 25 * minute,
    loginAtMs: now - 86_400_000,
  },
  saved: true,
  lastRefresh: { atMs: now - 5 * minute, ok: true, message: 'succeeded', durationMs: 250 },
  nextRefreshAtMs: now + 20 * minute,
  refreshes: 7,
};

const report = (refresher: Partial<RefresherSnapshot> = {}) =>
  buildReport({
    version: '1.2.3',
    pid: 42,
    startedAtMs: now - 3 * 60 * minute,
    nowMs: now,
    advice: { tokenFile: '/home/made-up/tokens.json', appConfigFile: '/home/made-up/app.yaml' },
    refresher: { ...snapshot, ...refresher },
    targets: [
      {
        config: {
          name: 'bot',
          address: { kind: 'unix', path: '/run/bot.sock' },
          format: 'json',
          includeRefreshToken: true,
        },
        state: { kind: 'delivered', atMs: now - 5 * minute },
        deliveries: 7,
        failures: 0,
      },
      {
        config: {
          name: 'old-bot',
          address: { kind: 'tcp', host: '127.0.0.1', port: 9_999 },
          format: 'raw',
          includeRefreshToken: false,
        },
        state: { kind: 'undelivered', sinceMs: now - minute, reason: 'Nobody is listening.' },
        deliveries: 5,
        failures: 3,
      },
    ],
  });

test('a login that is said to be made in the future is unknown, and never fresh', () => {
  const loginAtMs = now + 5 * minute + 1;
  expect(report({ tokenSet: { ...snapshot.tokenSet, loginAtMs } })).not.toHaveProperty('login');
  expect(report()).toHaveProperty('login.ends_at', '2026-11-26T12:00:00.000Z');
});

const confirming = { refusals: 1, failures: 0, confirmAtBootMs: 0 } as const;
const problem = { sinceMs: now - 2 * minute, reason: 'Schwab said no' };
const states: readonly (readonly [RefresherSnapshot['state'], RegExp, string | undefined])[] = [
  [{ kind: 'healthy' }, /^State: +healthy$/, undefined],
  [{ kind: 'waiting', ...problem }, /^State: +NO VALID TOKEN; waiting for the cluster \(since/, undefined],
  [{ kind: 'retrying', failures: 3, ...problem }, /^State: +a refresh failed.*since 11:58:00/, undefined],
  [{ kind: 'confirming', ...confirming, ...problem }, /^State: +Schwab refused.*since/, undefined],
  [{ kind: 'login_required', ...problem }, /^State: +LOGIN REQUIRED \(since/, '/home/made-up/tokens.json'],
  [{ kind: 'misconfigured', answers: 1, ...problem }, /^State: +WRONG CREDENTIALS \(since/, '/home/made-up/app.yaml'],
];

test.each(states)('the state $kind in words, with what to do if a person is needed', (state, words, file) => {
  const made = report({ state });
  const lines = statusLines(made, now);
  expect(lines[0]).toMatch(words);
  expect(lines.some((line) => line.startsWith('Problem:        Schwab said no'))).toBe(state.kind !== 'healthy');
  expect(made.advice?.includes(file ?? '') ?? false).toBe(file !== undefined);
  expect(lines.some((line) => line.startsWith('What to do:'))).toBe(file !== undefined);
  const oneLine = systemdStatus(made, now);
  expect(oneLine).not.toContain('\n');
  if (file !== undefined) expect(oneLine).toContain(file);
});

test('a healthy sender in a few lines that a person can read', () => {
  expect(statusLines(report(), now)).toEqual([
    'State:          healthy',
    'Access token:   valid until 12:25:00 (in 25 minutes)',
    'Login:          valid until 2026-11-26 12:00:00 (in 6 days)',
    'Last refresh:   11:55:00, succeeded',
    'Next refresh:   12:20:00 (in 20 minutes)',
    'Token file:     /home/made-up/tokens.json',
    'Target:         bot at unix:/run/bot.sock, delivered 11:55:00',
    'Target:         old-bot at tcp:127.0.0.1:9999, undelivered 11:59:00: Nobody is listening.',
    'Daemon:         version 1.2.3, process 42, 7 refreshes since 09:00:00',
  ]);
});

test.each(states)('with one target, $kind takes ten lines or fewer', (state) => {
  const made = report({ state });
  expect(statusLines({ ...made, targets: made.targets.slice(0, 1) }, now).length).toBeLessThanOrEqual(10);
});

test.each([
  ['healthy', 32],
  ['waiting', 33],
  ['retrying', 33],
  ['confirming', 33],
  ['login_required', 31],
  ['misconfigured', 31],
] as const)('on a terminal, %s has its colour, and the words are the same', (kind, colour) => {
  const state = states.map(([known]) => known).find((known) => known.kind === kind);
  if (state === undefined) throw new Error('no such state');
  const made = report({ state });
  const painted = statusLines(made, now, true);
  expect(painted[0]).toContain(`\u001b[1;${colour}m`);
  expect(painted[0]).toContain('\u001b[0m');
  expect(painted.slice(1)).toEqual(statusLines(made, now).slice(1));
  expect(painted.map(stripVTControlCharacters)).toEqual(statusLines(made, now));
});

test('without colours, no control character gets out', () => {
  for (const [state] of states) expect(statusLines(report({ state }), now).join('')).not.toContain('\u001b');
});

test.each<[string, Partial<RefresherSnapshot>, RegExp]>([
  ['an expired token', { tokenSet: { ...secrets, expiresAtMs: now } }, /^Access token: +EXPIRED at 12:00:00/],
  ['a token of unknown expiry', { tokenSet: secrets }, /^Access token: +held, its expiry is unknown/],
  ['no token', { tokenSet: undefined }, /^Access token: +none/],
  ['an unknown login', { tokenSet: secrets }, /^Login: +made at an unknown time, so it may end at any moment/],
  ['a login that has ended', { tokenSet: { loginAtMs: now - 8 * 86_400_000 } }, /^Login: +ENDED at 2026-11-19/],
  ['a refresh under way', { nextRefreshAtMs: undefined }, /^Next refresh: +under way/],
  ['a refresh that is overdue', { nextRefreshAtMs: now - 1 }, /^Next refresh: .*\(now\)/],
  ['no refresh yet', { lastRefresh: undefined }, /^Last refresh: +none since the start/],
  ['unsaved tokens', { saved: false }, /^Token file: .*NOT SAVED/],
])('%s is said', (_name, refresher, words) => {
  expect(statusLines(report(refresher), now).filter((line) => words.test(line))).toHaveLength(1);
});

test('No secret leaves by a side door: no token in the report, the lines or the STATUS, but a fingerprint', () => {
  for (const [state] of states) {
    const made = report({ state });
    const everything = [JSON.stringify(made), ...statusLines(made, now), systemdStatus(made, now)].join('\n');
    for (const secret of Object.values(secrets)) expect(everything).not.toContain(secret);
    expect(made.access_token?.fingerprint).toMatch(/^[\da-f]{8}$/);
  }
});

test('every report is what the schema, which the command reads it with, says', () => {
  for (const [state] of states) {
    for (const tokenSet of [snapshot.tokenSet, secrets, {}, undefined]) {
      const made = report({ state, tokenSet, lastRefresh: undefined, nextRefreshAtMs: undefined });
      expect(z.parse(statusSchema, JSON.parse(JSON.stringify(made)))).toEqual(made);
    }
  }
});

test('the documented schema is the one that the code has', () => {
  const published: unknown = JSON.parse(
    readFileSync(new URL('../../../../docs/status.schema.json', import.meta.url), 'utf8'),
  );
  expect(published, 'docs/status.schema.json is not what the code says: run `npm run schema`').toEqual(
    statusJsonSchema(),
  );
});

const host = (name: string) => ({ host: name, version: '1.2.3', role: 'follower', state: 'healthy' });
const cluster = (changes: Partial<ClusterStatus> = {}): ClusterStatus => ({
  ...{ host: 'beta', role: 'follower', leader: 'alpha', since: '2026-11-20T11:00:00Z', revision: 7 },
  hosts: [host('alpha'), host('beta'), host('gamma')],
  ...changes,
});
const crowd = Array.from({ length: 21 }, (_, number) => host(`host-${number}`));

test.each<[string, Partial<ClusterStatus>, string]>([
  ['a follower', {}, 'follows; alpha leads, since 11:00:00, revision 7, 3 hosts.'],
  ['the leader', { role: 'leader' }, 'leads: this host refreshes for all, since 11:00:00, revision 7, 3 hosts.'],
  [
    'the leader of many',
    { role: 'leader', hosts: crowd },
    'leads: this host refreshes for all, since 11:00:00, revision 7, 21 hosts.',
  ],
  [
    'a follower of many, who is told of them only when somebody asks',
    { hosts: crowd },
    'follows; alpha leads, since 11:00:00, revision 7.',
  ],
  [
    'a host that is there alone',
    { role: 'leader', hosts: [host('beta')] },
    'leads: this host refreshes for all, since 11:00:00, revision 7, 1 host.',
  ],
  [
    'one that has just joined',
    { leader: undefined, revision: undefined, hosts: [] },
    'follows; nobody leads yet, since 11:00:00.',
  ],
  [
    'one without the store, who sees no others',
    { role: 'waiting', problem: 'no answer' },
    'THE STORE IS AWAY: waiting for the host that led last, or for the store (no answer), since 11:00:00, revision 7.',
  ],
])('the STATUS of %s says who leads, since when, which revision and how many hosts', (_, changes, words) => {
  for (const state of [states[0]?.[0], states[3]?.[0]]) {
    const made = { ...report(state === undefined ? {} : { state }), cluster: cluster(changes) };
    expect(systemdStatus(made, now)).toContain(`Cluster: ${words}`);
    expect(systemdStatus(made, now + minute)).toBe(systemdStatus(made, now));
  }
});

test('the STATUS changes only when something happened, not with the time', () => {
  expect(systemdStatus(report(), now + minute)).toBe(systemdStatus(report(), now));
});

test.each([
  [0, '0 seconds'],
  [-5, '0 seconds'],
  [999, '0 seconds'],
  [1_000, '1 second'],
  [61_000, '1 minute 1 second'],
  [30 * minute, '30 minutes'],
  [3_601_000, '1 hour'],
  [6 * 86_400_000 + 4 * 3_600_000 + 59 * minute, '6 days 4 hours'],
])('%i ms is %s', (ms, words) => {
  expect(duration(ms)).toBe(words);
});

test('from 48 hours before the end of the login on, the status says to log in soon', () => {
  const hour = 3_600_000;
  const withHoursLeft = (hours: number) =>
    report({ tokenSet: { ...secrets, expiresAtMs: now + 25 * minute, loginAtMs: now - 7 * 24 * hour + hours * hour } });
  for (const [hours, isDue] of [
    [49, false],
    [48, true],
    [1, true],
  ] as const) {
    const made = withHoursLeft(hours);
    expect(systemdStatus(made, now).startsWith('LOG IN SOON: ')).toBe(isDue);
    expect(statusLines(made, now).join('\n').includes('log in before that: token-refresh-sender login')).toBe(isDue);
  }
});
