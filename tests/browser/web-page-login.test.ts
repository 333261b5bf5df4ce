/** The whole login from the sender's page, with the built daemons, Schwab's pages and a real browser. */
import { rm } from 'node:fs/promises';
import type { Browser, BrowserContext, Page } from 'playwright-core';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { launchBrowser } from './browser.ts';
import { denyAtSchwab, goThroughSchwab, loginBench, newVisitor, occupy, startWithWebPage } from './login-bench.ts';

const DAY_S = 24 * 60 * 60;

let browser: Browser;
beforeAll(async () => {
  browser = await launchBrowser();
});
afterAll(() => browser.close());

test('from the button, by keyboard, to a new login that shows without a reload', async () => {
  await using bench = await loginBench();
  const receiver = bench.receiver();
  await receiver.line(/started/);
  const before = await bench.tokens();
  await bench.writeTokenFile(JSON.stringify({ ...before, creation_timestamp: before.creation_timestamp - 6 * DAY_S }));
  const context = await newVisitor(browser);
  const page = await openPage(context, await startWithWebPage(bench));
  await page.getByRole('heading', { name: 'The login ends soon' }).waitFor();

  await pressWithKeyboard(page, 'login-button');
  await page.getByRole('heading', { name: 'Log in, in three steps' }).waitFor();
  await markPage(page);
  const schwab = await followLink(page, context);
  await goThroughSchwab(schwab);
  await schwab.getByRole('button', { name: 'Done' }).click();
  await schwab.getByRole('heading', { name: 'You are logged in' }).waitFor();
  await schwab.close();

  await page.bringToFront();
  await page.getByRole('heading', { name: 'All is well' }).waitFor();
  await page.locator('.said.good', { hasText: 'Logged in for 7 days, until' }).waitFor();
  await page.locator('.timeline').getByText('Logged in for 7 days').waitFor();
  await expect.poll(() => page.locator('figure', { hasText: 'Login' }).innerText()).toMatch(/6 days\s+23 hours left/);
  await page.getByRole('heading', { name: 'Targets' }).locator('..').getByText('delivered').waitFor();
  expect(await isMarked(page)).toBe(true);
  const after = await bench.tokens();
  expect(after.token['refresh_token']).not.toBe(before.token['refresh_token']);
  expect((await bench.get('/v1/token/raw')).text).toBe(after.token['access_token']);
});

test.each([
  ['has no refresh token', '{}'],
  ['is missing', undefined],
])('when the token file %s the page says so, and a login mends it without a restart', async (_what, text) => {
  await using bench = await loginBench();
  const receiver = bench.receiver();
  await receiver.line(/started/);
  if (text === undefined) await rm(bench.tokenFile);
  else await bench.writeTokenFile(text);
  const context = await newVisitor(browser);
  const page = await openPage(context, await startWithWebPage(bench));
  await page.getByRole('heading', { name: 'Log in again' }).waitFor();
  expect(await page.locator('.explanation').innerText()).not.toBe('');
  expect(await page.locator('.advice').innerText()).toContain('token-refresh-sender login');

  await page.getByRole('button', { name: 'Log in', exact: true }).click();
  await markPage(page);
  const schwab = await followLink(page, context);
  await goThroughSchwab(schwab);
  await schwab.getByRole('button', { name: 'Done' }).click();
  await schwab.getByRole('heading', { name: 'You are logged in' }).waitFor();
  await page.bringToFront();
  await page.getByRole('heading', { name: 'All is well' }).waitFor();
  expect(await isMarked(page)).toBe(true);
  await receiver.line(/Token received/);
  expect((await bench.get('/v1/token/raw')).text).toBe((await bench.tokens()).token['access_token']);
});

test('when the callback’s port is taken, the address that the browser could not open is pasted', async () => {
  await using bench = await loginBench();
  await occupy(bench.callbackUrl);
  const context = await newVisitor(browser);
  const page = await openPage(context, await startWithWebPage(bench));
  await page.getByRole('button', { name: 'Log in', exact: true }).click();
  await page.getByText('in use by another program').waitFor();
  const schwab = await followLink(page, context);
  await goThroughSchwab(schwab);
  const failed = schwab.waitForEvent('requestfailed', (request) => request.url().startsWith(bench.callbackUrl));
  await schwab.getByRole('button', { name: 'Done' }).click();
  const redirected = (await failed).url();

  await page.bringToFront();
  await page.getByLabel(/Copy the whole address/).fill(redirected);
  await page.keyboard.press('Enter');
  await page.locator('.said.good', { hasText: 'Logged in for 7 days, until' }).waitFor();
  expect(page.url()).not.toContain('code');
  expect(await page.content()).not.toContain(new URL(redirected).searchParams.get('code'));
});

test('a login that was denied is said on both pages, and the next try works', async () => {
  await using bench = await loginBench();
  const context = await newVisitor(browser);
  const page = await openPage(context, await startWithWebPage(bench));
  await page.getByRole('button', { name: 'Log in', exact: true }).click();
  const denied = await followLink(page, context);
  await denyAtSchwab(denied);
  await denied.getByText('Access was denied').waitFor();
  await page.bringToFront();
  await page.locator('.said.bad', { hasText: 'Access was denied' }).waitFor();

  await page.getByRole('button', { name: 'Try again' }).click();
  const schwab = await followLink(page, context);
  await goThroughSchwab(schwab);
  await schwab.getByRole('button', { name: 'Done' }).click();
  await schwab.getByRole('heading', { name: 'You are logged in' }).waitFor();
  await page.bringToFront();
  await page.locator('.said.good', { hasText: 'Logged in for 7 days, until' }).waitFor();
});

async function openPage(context: BrowserContext, address: string): Promise<Page> {
  const page = await context.newPage();
  await page.goto(address);
  await page.getByText('Live', { exact: true }).waitFor();
  return page;
}

/** The link to Schwab's page, by keyboard; resolves to the tab that it opens. */
async function followLink(page: Page, context: BrowserContext): Promise<Page> {
  const opened = context.waitForEvent('page');
  await pressWithKeyboard(page, 'authorize-link');
  return opened;
}

/** Tabs to it, past the few things before it, and presses Enter. */
async function pressWithKeyboard(page: Page, id: string): Promise<void> {
  await page.locator(`#${id}`).waitFor();
  let focused: unknown;
  for (let tabs = 0; tabs < 8 && focused !== id; tabs += 1) {
    await page.keyboard.press('Tab');
    focused = await page.evaluate('document.activeElement.id');
  }
  expect(focused).toBe(id);
  await page.keyboard.press('Enter');
}

/** A reload would lose the mark. */
async function markPage(page: Page): Promise<void> {
  await page.getByText('Live', { exact: true }).waitFor();
  await page.evaluate('window.notReloaded = true');
}

function isMarked(page: Page): Promise<unknown> {
  return page.evaluate('window.notReloaded === true');
}
