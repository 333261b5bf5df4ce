import type { ClusterReport, HostReport } from '@token-relay/cluster';
import type { TokenSet } from '@token-relay/tokens';
import { expect, test } from 'vitest';
import type { LoginState } from '../refresh/login-state.ts';
import { SharedLogin } from './shared-login.ts';

const start = 1_762_983_055_000;
const MINUTE = 60_000;
const REQUIRED =
  "alpha, which leads the cluster, says that a login is required; one that is made on any host is everybody's";

/** beta, which follows alpha with a token of 28 minutes ago. */
class Rig {
  nowMs = start;
  tokenSet: TokenSet | undefined = this.token('first', 7, 28);
  state: LoginState = { kind: 'healthy' };
  report: ClusterReport | undefined = {
    ...{ role: 'follower', host: 'beta', leader: 'alpha', sinceMs: start, revision: 7 },
    ...{ problem: undefined, server: undefined, sealedWith: undefined },
  };
  hosts: readonly HostReport[] = [this.host('alpha', {}), this.host('beta', {})];
  readonly told: string[] = [];
  readonly login: SharedLogin = new SharedLogin({
    report: () => this.report,
    knownHosts: () => this.hosts,
    own: () => ({
      ...{ state: this.state, tokenSet: this.tokenSet, saved: true, lastRefresh: undefined },
      ...{ nextRefreshAtMs: undefined, refreshes: 0 },
    }),
    nowMs: () => this.nowMs,
    onRequired: (reason) => this.told.push(reason),
  });

  token(name: string, revision: number, agoMinutes = 0): TokenSet {
    const issuedAtMs = this.nowMs - agoMinutes * MINUTE;
    const times = { issuedAtMs, expiresAtMs: issuedAtMs + 30 * MINUTE };
    return { accessToken: `access-${name}`, refreshToken: 'made-up', ...times, origin: { host: 'alpha', revision } };
  }

  host(host: string, changes: Partial<HostReport>): HostReport {
    const age = this.tokenSet?.issuedAtMs === undefined ? 0 : this.nowMs - this.tokenSet.issuedAtMs;
    const about = { version: '1.2.3', role: 'leader' as const, state: 'healthy' };
    return { host, ...about, revision: 7, tokenAgeSeconds: age / 1000, ...changes };
  }

  becomes(role: ClusterReport['role'], leader?: string): void {
    if (this.report !== undefined) this.report = { ...this.report, role, leader };
  }

  shown(): LoginState {
    return this.login.snapshot().state;
  }
}

const required = (): Rig => {
  const rig = new Rig();
  rig.hosts = [rig.host('alpha', { state: 'login_required' }), rig.host('beta', {})];
  return rig;
};

test('a login that the leader calls dead is dead on every host, and is told of once', () => {
  const rig = required();
  for (let minute = 0; minute < 3; minute += 1) {
    rig.login.look();
    rig.nowMs += MINUTE;
    expect(rig.shown()).toEqual({ kind: 'login_required', sinceMs: start, reason: REQUIRED });
  }
  expect(rig.told).toEqual([REQUIRED]);
});

test('it stays so while others take the lead, the store goes away and nobody is seen any more, until another token is held', () => {
  const rig = required();
  rig.login.look();
  rig.hosts = [rig.host('gamma', {})];
  rig.becomes('follower', 'gamma');
  expect(rig.shown().kind).toBe('login_required');
  rig.hosts = [];
  rig.becomes('waiting', 'gamma');
  expect(rig.shown().kind).toBe('login_required');
  rig.tokenSet = rig.token('second', 8);
  expect(rig.shown().kind).toBe('healthy');
  rig.login.look();
  expect(rig.told).toHaveLength(1);
});

test('a host that refreshes itself shows its own state, whatever it has heard', () => {
  const rig = required();
  rig.login.look();
  for (const role of ['leader', 'alone', 'single'] as const) {
    rig.becomes(role, 'beta');
    expect(rig.shown().kind).toBe('healthy');
  }
});

test('one that knows by itself that the login is dead is told nothing', () => {
  const rig = required();
  rig.state = { kind: 'login_required', sinceMs: start, reason: 'Schwab said no' };
  rig.login.look();
  expect(rig.shown()).toBe(rig.state);
  expect(rig.told).toEqual([]);
});

test.each<[string, (rig: Rig) => void]>([
  ['an earlier revision, because a newer token is here', (rig) => (rig.tokenSet = rig.token('second', 8))],
  ['an older token of the same number, because a new login is here', (rig) => (rig.tokenSet = rig.token('second', 7))],
  [
    'no token, while a login was made here that it does not know yet',
    (rig) => {
      rig.tokenSet = { accessToken: 'access-new', refreshToken: 'made-up', issuedAtMs: rig.nowMs };
      rig.hosts = [rig.host('alpha', { state: 'login_required', revision: undefined, tokenAgeSeconds: undefined })];
    },
  ],
  ['a token that is not here yet', (rig) => (rig.tokenSet = undefined)],
  [
    'no token, while one is here that it will take',
    (rig) =>
      (rig.hosts = [
        rig.host('alpha', { state: 'login_required', revision: undefined, tokenAgeSeconds: undefined }),
        rig.host('beta', {}),
      ]),
  ],
])('what a leader says of %s is not of ours', (_, change) => {
  const rig = required();
  change(rig);
  rig.login.look();
  expect(rig.shown().kind).toBe('healthy');
  expect(rig.told).toEqual([]);
});

test('where nobody has a token, the leader’s word counts', () => {
  const rig = new Rig();
  rig.tokenSet = undefined;
  rig.state = { kind: 'waiting', sinceMs: start, reason: 'tokens.json does not exist' };
  expect(rig.shown()).toMatchObject({
    kind: 'waiting',
    reason: 'tokens.json does not exist; waiting for alpha, which leads the cluster',
  });
  const nothing = { revision: undefined, tokenAgeSeconds: undefined };
  rig.hosts = [rig.host('alpha', { state: 'login_required', ...nothing })];
  rig.login.look();
  expect(rig.shown().kind).toBe('login_required');
  expect(rig.told).toEqual([REQUIRED]);
});

test('a state of a host that does not lead, or another of the one that does, is that host’s own', () => {
  const rig = new Rig();
  for (const state of ['retrying', 'confirming', 'misconfigured', 'waiting', 'not-known-here']) {
    rig.hosts = [rig.host('alpha', { state }), rig.host('gamma', { state: 'login_required' })];
    expect(rig.shown().kind).toBe('healthy');
  }
});

test.each<[ClusterReport['role'] | undefined, string | undefined, string]>([
  ['follower', 'alpha', 'waiting for alpha, which leads the cluster'],
  ['follower', undefined, 'waiting for a host of the cluster to lead'],
  ['waiting', 'alpha', "waiting for the cluster's store, which is away"],
  [undefined, undefined, "waiting for the cluster's store, which is not reached yet"],
])('a token that has expired where another host refreshes (%s, %s) is not healthy: %s', (role, leader, words) => {
  const rig = new Rig();
  if (role === undefined) rig.report = undefined;
  else rig.becomes(role, leader);
  rig.nowMs += 2 * MINUTE - 1;
  expect(rig.shown().kind).toBe('healthy');
  rig.nowMs += 1;
  const reason = `the access token has expired; ${words}`;
  expect(rig.shown()).toEqual({ kind: 'waiting', sinceMs: start + 2 * MINUTE, reason });
  rig.login.look();
  expect(rig.told).toEqual([]);
});

test('one that has expired where this host refreshes is its own to say', () => {
  const rig = new Rig();
  rig.nowMs += 3 * MINUTE;
  rig.becomes('leader', 'beta');
  expect(rig.shown().kind).toBe('healthy');
  rig.state = { kind: 'retrying', failures: 1, sinceMs: start, reason: 'no answer' };
  rig.becomes('follower', 'alpha');
  expect(rig.shown()).toBe(rig.state);
});
