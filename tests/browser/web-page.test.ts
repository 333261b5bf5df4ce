/** The sender's page in a real browser: for everybody, by keyboard, without JavaScript, and live. */
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { Browser, BrowserContext, BrowserContextOptions, Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from 'vitest';
import { openWebServer, type WebServer } from '../../apps/sender/src/web/server.ts';
import { MadeUpSource, madeUpStates, type MadeUpState } from '../../apps/sender/tests/made-up-web-source.ts';
import { recordingLog } from '../../apps/sender/tests/recording-log.ts';
import { accessibilityFaults, faultsInEveryLook, launchBrowser } from './browser.ts';

const minute = 60_000;
let browser: Browser;
let states: Readonly<Record<string, MadeUpState>>;
let source: MadeUpSource;
let server: WebServer;
let context: BrowserContext | undefined;
/** What the browser complained of: blocked by the Content-Security-Policy, thrown by the script. */
let complaints: string[];
let logLines: string[];

beforeAll(async () => {
  browser = await launchBrowser();
});
afterAll(async () => {
  await browser.close();
});
beforeEach(async () => {
  states = madeUpStates(Date.now());
  source = new MadeUpSource(state('healthy'));
  logLines = [];
  complaints = [];
  server = await openWebServer({ port: 0, source, log: recordingLog(logLines) });
});
afterEach(async () => {
  await context?.close();
  await server.close();
  expect([complaints, logLines]).toEqual([[], []]);
});

function state(name: string): MadeUpState {
  const found = states[name];
  if (found === undefined) throw new Error(`There is no state ${name}`);
  return found;
}

async function openPage(options: BrowserContextOptions = {}): Promise<Page> {
  context = await browser.newContext({ reducedMotion: 'reduce', timezoneId: 'Asia/Tokyo', ...options });
  const page = await context.newPage();
  page.on('pageerror', (error) => complaints.push(error.message));
  page.on('console', (message) => {
    if (message.type() === 'error' || message.type() === 'warning') complaints.push(message.text());
  });
  await page.goto(server.url);
  return page;
}

test.each(Object.keys(madeUpStates(0)))(
  '%s: axe finds no fault, in light and dark, wide and narrow, and nothing sticks out',
  async (name) => {
    source.state = state(name);
    const page = await openPage();
    await page.getByText('Live', { exact: true }).waitFor();
    expect(await faultsInEveryLook(page)).toEqual([]);
  },
);

test('the whole login is done by keyboard', async () => {
  source.state = state('login required');
  const page = await openPage();
  await page.getByText('Live', { exact: true }).waitFor();
  await page.keyboard.press('Tab');
  await expectFocus(page, 'login-button');
  await page.keyboard.press('Enter');
  await page.getByRole('heading', { name: 'Log in, in three steps' }).waitFor();
  expect(source.asked).toEqual(['start']);
  for (const id of ['authorize-link', 'login-url']) {
    await page.keyboard.press('Tab');
    await expectFocus(page, id);
  }
  await page.keyboard.type('https://127.0.0.1:8182/?code=made-up');
  await page.keyboard.press('Enter');
  await page.getByText('Logged in for 7 days').waitFor();
  expect(source.asked).toEqual(['start', 'paste https://127.0.0.1:8182/?code=made-up']);
  expect(page.url()).not.toContain('code');
});

async function expectFocus(page: Page, id: string): Promise<void> {
  expect(await page.evaluate('document.activeElement.id')).toBe(id);
  const outline = await page.evaluate<string>('getComputedStyle(document.activeElement).outlineStyle');
  expect(outline).toBe('solid');
}

test('a change shows without a reload, and leaves alone what the user is doing', async () => {
  source.state = { ...state('login waiting'), timeline: manyEvents() };
  const page = await openPage();
  await page.getByText('Live', { exact: true }).waitFor();
  await page.evaluate('window.notReloaded = true');
  await page.getByText('Earlier').click();
  await page.locator('#login-url').fill('https://127.0.0.1:8182/?half-ty');
  const { report } = state('target missing');
  source.change({ report: { ...report, state: 'misconfigured', problem: 'Schwab said 401', refreshes: 117 } });
  await page.getByText('117 since').waitFor();
  expect(await page.locator('body').innerText()).not.toContain(' UTC');
  expect(await page.locator('h1').innerText()).toBe('Schwab refuses the app’s credentials');
  expect(await page.title()).toBe('Schwab refuses the app’s credentials · Token Relay');
  expect(await page.locator('#login-url').inputValue()).toBe('https://127.0.0.1:8182/?half-ty');
  await expectFocus(page, 'login-url');
  expect(await page.locator('details').getAttribute('open')).toBe('');
  expect(await page.evaluate('window.notReloaded')).toBe(true);
});

function manyEvents(): MadeUpState['timeline'] {
  return Array.from({ length: 20 }, (_, index) => ({
    atMs: Date.now() - index * minute,
    kind: 'refreshed',
    text: `Event ${index}`,
  }));
}

test('when what had the focus goes away, the focus stays near', async () => {
  const page = await openPage();
  await page.getByText('Live', { exact: true }).waitFor();
  await page.locator('#login-button').focus();
  source.change({ login: state('login waiting').login });
  await page.locator('#authorize-link').waitFor();
  expect(await page.evaluate('document.activeElement.id')).toBe('login-title');
});

test('only the headline is announced, and only when it changes', async () => {
  const page = await openPage();
  await page.getByText('Live', { exact: true }).waitFor();
  await page.evaluate(`
    window.announced = [];
    for (const region of document.querySelectorAll('[aria-live], [role=status], [role=alert]'))
      new MutationObserver(() => announced.push(region.textContent)).observe(region, { subtree: true, childList: true, characterData: true });
  `);
  source.change({ report: { ...state('healthy').report, refreshes: 117 } });
  await page.getByText('117 since').waitFor();
  expect(await page.evaluate('announced')).toEqual([]);
  source.change({ report: state('retrying').report });
  await page.getByText('A refresh failed').waitFor();
  expect(await page.evaluate('announced')).toEqual(['A refresh failed, trying again']);
});

test('times are the browser’s, and the time left runs down by itself', async () => {
  const page = await openPage();
  await page.clock.install({ time: Date.now() });
  await page.reload();
  const time = page.locator('figure', { hasText: 'Access token' }).locator('figcaption time').first();
  const expiresAt = state('healthy').report.access_token?.expires_at ?? '';
  const inTokyo = new Intl.DateTimeFormat('en-GB', { hour: '2-digit', minute: '2-digit', timeZone: 'Asia/Tokyo' });
  await expect.poll(() => time.innerText()).toContain(inTokyo.format(new Date(expiresAt)));
  const amount = page.locator('figure', { hasText: 'Access token' }).locator('.amount');
  await expect.poll(() => amount.innerText()).toMatch(/18 minutes/);
  await page.clock.runFor(10 * minute);
  expect(await amount.innerText()).toMatch(/8 minutes/);
});

test('a sender that has gone away is said, and one that comes back is followed again', async () => {
  const page = await openPage();
  await page.getByText('Live', { exact: true }).waitFor();
  const port = Number(new URL(server.url).port);
  await server.close();
  await page.getByText('Not live').waitFor();
  source.state = state('login ends soon');
  server = await openWebServer({ port, source, log: recordingLog(logLines) });
  await page.getByRole('heading', { name: 'The login ends soon' }).waitFor();
  await page.getByText('Live', { exact: true }).waitFor();
  // Its forms are those of the new process.
  await page.locator('#login-button').click();
  await page.locator('#authorize-link').waitFor();
  complaints = complaints.filter((text) => !text.includes('ERR_'));
});

test('a page that there is no room for says so, and follows along when there is', async () => {
  const gone = new AbortController();
  const others = Array.from({ length: 8 }, () => fetch(`${server.url}events`, { signal: gone.signal }));
  await Promise.all(others);
  const page = await openPage();
  await page.getByText('Not live').waitFor();
  gone.abort();
  source.change({ report: state('retrying').report });
  await page.getByText('Live', { exact: true }).waitFor();
  expect(await page.locator('h1').innerText()).toBe('A refresh failed, trying again');
  complaints = complaints.filter((text) => !text.includes('503'));
});

test('without JavaScript the facts are all there, with the zone of their times, and so is the login', async () => {
  source.state = { ...state('login required'), timeline: manyEvents() };
  const page = await openPage({ javaScriptEnabled: false });
  const text = await page.locator('body').innerText();
  for (const fact of ['Log in again', 'invalid_grant', 'trading-bot', 'Event 0', 'schwab_tokens.json', 'Look again']) {
    expect(text).toContain(fact);
  }
  expect(await page.locator('.since time').innerText()).toMatch(/ UTC\S*$/);
  await page.locator('#login-button').click();
  expect(await page.locator('#authorize-link').getAttribute('href')).toContain('https://schwab.example/');
  await page.locator('#login-url').fill('https://127.0.0.1:8182/?code=made-up');
  await page.locator('#paste-button').click();
  expect(await page.locator('.said.good').innerText()).toContain('Logged in for 7 days');
  expect(source.asked).toEqual(['start', 'paste https://127.0.0.1:8182/?code=made-up']);
});

test('axe finds no fault in what is shown without JavaScript', async () => {
  const page = await openPage();
  // axe itself needs JavaScript: so the page is given without its script, and with what stands in its place.
  await page.route(server.url, async (route) => {
    const response = await route.fetch();
    const html = await response.text();
    await route.fulfill({ response, body: html.replaceAll(/<\/?noscript>|<script.*?<\/script>/g, '') });
  });
  await page.goto(server.url);
  await page.getByText('Look again').waitFor();
  expect(await accessibilityFaults(page)).toEqual([]);
});

test('a page of another port of this machine presses no button, even with the right token', async () => {
  const page = await openPage();
  const csrf = await page.locator('input[name=csrf]').first().inputValue();
  const evil = createServer((_request, response) => {
    response.setHeader('Content-Type', 'text/html');
    response.end(
      `<form method="post" action="${server.url}login"><input name="csrf" value="${csrf}"><button>Win</button></form>`,
    );
  });
  evil.listen(0, '127.0.0.1');
  await once(evil, 'listening');
  const address = evil.address();
  await page.goto(`http://127.0.0.1:${typeof address === 'object' ? (address?.port ?? 0) : 0}/`);
  await page.getByRole('button', { name: 'Win' }).click();
  await page.getByRole('heading', { name: 'Not done' }).waitFor();
  expect(source.asked).toEqual([]);
  evil.close();
  evil.closeAllConnections();
  await page.close();
  complaints = complaints.filter((text) => !/ 40[34] /.test(text));
  logLines = logLines.filter((line) => !line.includes('refused with 403'));
});

test('a wrong address is said beside its field, and another can be pasted', async () => {
  source.state = state('login waiting');
  const page = await openPage();
  source.refusal = 'The pasted address has no code in it';
  await page.locator('#login-url').fill('https://127.0.0.1:8182/');
  await page.locator('#paste-button').click();
  await page.locator('#login-url[aria-describedby=login-problem]').waitFor();
  expect(await page.locator('#login-problem').innerText()).toBe('The pasted address has no code in it.');
  expect(await accessibilityFaults(page)).toEqual([]);
  source.refusal = undefined;
  await page.locator('#login-url').fill('https://127.0.0.1:8182/?code=made-up');
  await page.locator('#paste-button').click();
  await page.getByText('Logged in for 7 days').waitFor();
});
