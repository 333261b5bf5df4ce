/** Takes the pictures of both pages in docs/screenshots, with made-up contents: `node --conditions=source scripts/screenshots.ts`. */
import { mkdirSync } from 'node:fs';
import type { Page } from 'playwright-core';
import { MadeUpSource, madeUpStates } from '../apps/sender/tests/made-up-web-source.ts';
import { landingPage } from '../apps/sender/src/login/landing-page.ts';
import { openWebServer } from '../apps/sender/src/web/server.ts';
import { launchBrowser } from '../tests/browser/browser.ts';

const folder = 'docs/screenshots';
/** Always the same, so that a picture changes only when the page does. */
const nowMs = Date.parse('2026-11-20T15:40:00Z');
process.env['TZ'] = 'America/New_York';

const pictures = [
  { name: 'web-page-light', state: 'healthy', scheme: 'light', width: 1280 },
  { name: 'web-page-dark', state: 'healthy', scheme: 'dark', width: 1280 },
  { name: 'web-page-phone', state: 'login ends soon', scheme: 'light', width: 390 },
  { name: 'web-page-login-required', state: 'login required', scheme: 'light', width: 1280 },
  { name: 'web-page-login', state: 'login waiting', scheme: 'dark', width: 1280 },
] as const;

const loggedIn = { kind: 'logged_in', endsAtMs: nowMs + 7 * 24 * 60 * 60_000 } as const;
const denied = {
  kind: 'failed',
  message: 'Access was denied on the page of Schwab. To log in, start again and allow it',
} as const;
const landingPictures = [
  { name: 'landing-success', view: loggedIn, scheme: 'light', width: 800 },
  { name: 'landing-success-dark', view: loggedIn, scheme: 'dark', width: 800 },
  { name: 'landing-failure', view: denied, scheme: 'light', width: 800 },
  { name: 'landing-phone', view: loggedIn, scheme: 'light', width: 390 },
] as const;

mkdirSync(folder, { recursive: true });
const states = madeUpStates(nowMs);
const log = { debug: () => undefined, info: () => undefined, warn: () => undefined, error: console.error };
const browser = await launchBrowser();
for (const { name, state, scheme, width } of pictures) {
  const shown = states[state];
  if (shown === undefined) throw new Error(`There is no state ${state}`);
  const server = await openWebServer({ port: 0, source: new MadeUpSource(shown), log });
  const page = await openPage(scheme, width, 800);
  await page.goto(server.url);
  await page.getByText('Live', { exact: true }).waitFor();
  await page.screenshot({ path: `${folder}/${name}.png`, fullPage: true });
  await page.close();
  await server.close();
  console.log(`${folder}/${name}.png`);
}
for (const { name, view, scheme, width } of landingPictures) {
  const page = await openPage(scheme, width, width < 500 ? 720 : 500);
  await page.setContent(landingPage(view).html);
  await page.screenshot({ path: `${folder}/${name}.png` });
  await page.close();
  console.log(`${folder}/${name}.png`);
}
await browser.close();

function openPage(colorScheme: 'light' | 'dark', width: number, height: number): Promise<Page> {
  return browser.newPage({
    colorScheme,
    viewport: { width, height },
    deviceScaleFactor: width < 500 ? 2 : 1,
    timezoneId: 'America/New_York',
    reducedMotion: 'reduce',
  });
}
