import { createHash } from 'node:crypto';
import { expect, test } from 'vitest';
import { LANDING_CSP, landingPage, type LandingView } from './landing-page.ts';

const views: LandingView[] = [
  { kind: 'logged_in', endsAtMs: 1_763_587_855_000 },
  { kind: 'logged_in', endsAtMs: 1_763_587_855_000, problem: 'The login is made, but not saved: disk full' },
  { kind: 'failed', message: 'Access was denied' },
  { kind: 'not_taken', message: 'That address belongs to another login' },
  { kind: 'not_found' },
];

test.each(views)(
  'a page has a language, a title, one heading, phone width, and nothing from outside: $kind',
  (view) => {
    const { html } = landingPage(view);
    expect(html).toMatch(/^<!doctype html>\n<html lang="en">/);
    expect(html).toMatch(/<title>[^<]{10,}<\/title>/);
    expect(html).toContain('<meta name="viewport" content="width=device-width, initial-scale=1">');
    expect(html.match(/<h1>/g)).toHaveLength(1);
    expect(html).not.toMatch(/<script|src=|href=|url\(|@import|style="/);
  },
);

test('the Content-Security-Policy allows this style alone', () => {
  const style = /<style>([^]*)<\/style>/.exec(landingPage({ kind: 'not_found' }).html)?.[1] ?? '';
  const hash = createHash('sha256').update(style).digest('base64');
  expect(LANDING_CSP).toContain("default-src 'none'");
  expect(LANDING_CSP).toContain(`style-src 'sha256-${hash}'`);
  expect(LANDING_CSP).not.toContain('unsafe');
});

test('what comes in as text stays text', () => {
  const { html } = landingPage({ kind: 'failed', message: '<img src=x onerror="alert(1)">&\'' });
  expect(html).toContain('&lt;img src=x onerror=&quot;alert(1)&quot;&gt;&amp;&#39;');
});

test('success says until when, in words and for machines, and a problem is said with it', () => {
  const { status, html } = landingPage(views[1] ?? { kind: 'not_found' });
  expect(status).toBe(200);
  expect(html).toContain('<time datetime="2025-11-19T21:30:55.000Z">');
  expect(html).toMatch(/role="alert">The login is made, but not saved: disk full\.</);
});
