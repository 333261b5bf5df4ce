import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { madeUpCluster } from '../../tests/made-up-web-source.ts';
import { clusterHtml } from './cluster-list.ts';

const now = Date.parse('2026-11-20T15:40:00Z');
const text = (changes: Parameters<typeof madeUpCluster>[1] = {}) =>
  clusterHtml(madeUpCluster(now, changes), now)?.text.replaceAll(/<[^>]*>/g, '') ?? '';

beforeEach(() => {
  vi.stubEnv('TZ', 'UTC');
});
afterEach(() => {
  vi.unstubAllEnvs();
});

test('on a single machine there is no such section', () => {
  expect(clusterHtml(undefined, now)).toBe(undefined);
});

test('who leads, since when, which revision, and each other host once with the age of its token', () => {
  const shown = text();
  expect(shown).toMatch(/alpha leads since .*12:40/);
  expect(shown).toContain('This host; revision 7');
  expect(shown).toMatch(/beta follows\s+healthy; a token of 12 minutes ago; revision 7/);
  expect(shown).toMatch(/gamma follows\s+login_required; no token$/m);
  expect(shown.match(/alpha/g)).toHaveLength(1);
});

test('a follower says who leads, or that nobody does', () => {
  expect(text({ role: 'follower', leader: 'beta', hosts: [] })).toContain('This host; beta leads; revision 7');
  const rest: ReturnType<typeof madeUpCluster> = madeUpCluster(now, { role: 'follower' });
  delete (rest as { leader?: string }).leader;
  expect(clusterHtml(rest, now)?.text).toContain('nobody leads');
});

test.each(['alone', 'waiting', 'single'] as const)('%s asks for attention', (role) => {
  expect(clusterHtml(madeUpCluster(now, { role }), now)?.text).toContain('<li class="watch"');
});

test('what another host says of itself is shown as text', () => {
  const evil = '"><script>';
  const shown = clusterHtml(
    madeUpCluster(now, { hosts: [{ host: evil, role: evil, version: evil, state: evil }] }),
    now,
  )?.text;
  expect(shown).not.toContain('<script>');
});
