import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { madeUpCluster, madeUpReport, madeUpStates, madeUpTimeline } from '../../tests/made-up-web-source.ts';
import type { StatusReport } from '../status/status-report.ts';
import { pageTitle, renderMain, renderPage, type PageView } from './page.ts';

const now = Date.parse('2026-11-20T15:40:00Z');

beforeEach(() => {
  vi.stubEnv('TZ', 'UTC');
});
afterEach(() => {
  vi.unstubAllEnvs();
});

const view = (changes: Partial<PageView> = {}): PageView => ({
  report: madeUpReport(now),
  timeline: madeUpTimeline(now),
  login: { kind: 'idle' },
  csrfToken: 'made-up-csrf',
  problem: undefined,
  nowMs: now,
  ...changes,
});
const states = Object.entries(madeUpStates(now));

test.each(states)('%s: the page is whole, titled by its headline, and every form carries the token', (_name, state) => {
  const shown = view(state);
  const html = renderPage(shown);
  expect(html).not.toMatch(/undefined|NaN|\[object|Invalid/);
  expect(html).toContain(`<title>${pageTitle(shown)}</title>`);
  expect(html.match(/<form /g)?.length ?? 0).toBe(html.match(/name="csrf" value="made-up-csrf"/g)?.length ?? 0);
  expect(html.match(/<main/g)).toHaveLength(1);
  expect(html.match(/<h1/g)).toHaveLength(1);
});

test.each(states)('%s: nothing in it needs an inline style or script, or another server', (_name, state) => {
  const html = renderPage(view(state));
  expect(html).not.toMatch(/ style=| on\w+=|<style|<script>|javascript:/);
  const addresses = [...html.matchAll(/(?:src|href|action)="([^"]*)"/g)].map(([, address]) => address);
  expect(addresses.filter((address) => address?.startsWith('/') !== true)).toEqual(
    state.login.kind === 'waiting' ? [expect.stringContaining('https://schwab.example/')] : [],
  );
});

test('text from elsewhere is shown as text, wherever it stands', () => {
  const evil = '"><script>alert(1)</script>';
  const target = { name: evil, address: evil, format: 'json', state: 'undelivered', reason: evil } as const;
  const report: StatusReport = {
    ...madeUpReport(now),
    version: evil,
    state: 'login_required',
    problem: evil,
    advice: evil,
    token_file: evil,
    access_token: { fingerprint: evil },
    last_refresh: { at: new Date(now).toISOString(), ok: false, message: evil },
    targets: [target],
  };
  const timeline = [{ atMs: now, kind: 'refresh_failed', text: evil }] as const;
  for (const login of [
    { kind: 'failed', id: 'x', code: 'denied', message: evil },
    { kind: 'waiting', id: 'x', authorizeUrl: evil, expiresAtMs: now, listening: evil },
    { kind: 'waiting', id: 'x', authorizeUrl: `https://x/?${evil}`, expiresAtMs: now, notListening: evil },
    { kind: 'done', id: 'x', message: evil, loginAtMs: now, endsAtMs: now, problem: evil },
  ] as const) {
    for (const problem of [evil, undefined]) {
      const html = renderPage(view({ report, timeline, login, problem, csrfToken: evil }));
      expect(html).not.toContain('<script>');
      expect(html).toContain('&#60;script&#62;');
    }
  }
});

test('an address for the browser that is none is not made a link', () => {
  const login = { kind: 'waiting', id: 'x', authorizeUrl: 'javascript:alert(1)', expiresAtMs: now } as const;
  expect(renderPage(view({ login }))).not.toContain('href="javascript:');
});

test('while a login is under way its button is disabled, in words, and the page shows the way on', () => {
  const html = renderMain(view(madeUpStates(now)['login waiting']));
  expect(html).toContain('disabled>A login is under way</button>');
  expect(html).not.toContain('action="/login"');
  expect(html).toContain('href="https://schwab.example/v1/oauth/authorize?client_id=made-up&#38;state=made-up"');
  expect(html).toContain('4 minutes left');
  expect(html).toContain('name="url"');
});

test('while the code is exchanged there is nothing to press', () => {
  const html = renderMain(view(madeUpStates(now)['login exchanging']));
  expect(html).not.toContain('<form');
  expect(html).toContain('disabled>A login is under way</button>');
});

test.each<[string, Partial<StatusReport>, string, string]>([
  ['Login', {}, '69 percent of its time is left', 'data-ring-until'],
  ['Access token', {}, '61 percent of its time is left', 'refresh at the mark'],
  [
    'Login',
    { login: { logged_in_at: '2026-11-13T15:40:00Z', ends_at: '2026-11-20T15:40:00Z' } },
    'Ended, after 7 days',
    'stroke-dasharray="0.00 100"',
  ],
  ['Login', { state: 'login_required' }, 'Refused, before its time', 'would have ended'],
  ['Access token', { access_token: { fingerprint: 'f' } }, 'Held, its end unknown', 'its expiry is unknown'],
  [
    'Access token',
    { access_token: { fingerprint: 'f', expires_at: '2026-11-20T15:40:00Z' } },
    'Expired, and not replaced',
    'expired <time',
  ],
])('the ring of the %s says in words what it shows (%j)', (title, changes, label, also) => {
  const html = renderMain(view({ report: madeUpReport(now, changes) }));
  expect(html).toContain(`aria-label="${title}: ${label}"`);
  expect(html).toContain(also);
});

test('a refresh and its deliveries are one row of the timeline, in the order in which they happened', () => {
  const html = renderMain(view());
  const [first] = html.match(/<ol class="timeline"><li>.*?<\/li>/s) ?? [];
  expect(first).toContain('15:28 UTC');
  expect(first?.match(/<p class="good">[^<]*/g)).toEqual([
    '<p class="good">Access token refreshed and saved',
    '<p class="good">Delivered to receiver',
    '<p class="good">Delivered to trading-bot',
  ]);
});

test('events that are not in view can be opened', () => {
  const timeline = Array.from(
    { length: 10 },
    (_, index) => ({ atMs: now - index * 60_000, kind: 'refreshed', text: `no ${index}` }) as const,
  );
  const [inView, older] = renderMain(view({ timeline })).split('<details>');
  expect(inView).toContain('no 5');
  expect(inView).not.toContain('no 6');
  expect(older).toContain('no 9');
});

test('a host that does not reach the others says before a login that it ends theirs; no button urges to it', () => {
  const caution =
    /id="login-caution">The cluster&#39;s store is away\. A new login ends the one that the other hosts have/;
  const cluster = (role: 'waiting' | 'alone' | 'leader' | 'follower') => madeUpCluster(now, { role });
  for (const login of [{ kind: 'idle' }, states.find(([name]) => name === 'login cancelled')?.[1].login] as const) {
    const page = (report: StatusReport) => renderMain(view({ report, login: login ?? { kind: 'idle' } }));
    expect(page(madeUpReport(now, { cluster: cluster('waiting') }))).toMatch(caution);
    expect(page(madeUpReport(now, { state: 'waiting' }))).toMatch(caution);
    for (const role of ['alone', 'leader', 'follower'] as const)
      expect(page(madeUpReport(now, { cluster: cluster(role) }))).not.toMatch(/login-caution/);
  }
  const empty = madeUpStates(now)['just started']?.report ?? madeUpReport(now);
  expect(renderMain(view({ report: { ...empty, state: 'waiting' } }))).toContain('id="login-button" class="quiet"');
  expect(renderMain(view({ report: empty }))).toContain('id="login-button" class="primary"');
});

test('the next refresh of a host that follows is the leader’s', () => {
  const report = madeUpStates(now)['just started']?.report ?? madeUpReport(now);
  const next = (role: 'follower' | 'leader', leader?: string) =>
    /Next refresh<\/dt><dd>([^<]*)</.exec(
      renderMain(view({ report: { ...report, cluster: { ...madeUpCluster(now), role, leader } } })),
    )?.[1];
  expect([next('follower', 'beta'), next('follower'), next('leader')]).toEqual([
    'by beta',
    'by whoever leads',
    'under way',
  ]);
});
