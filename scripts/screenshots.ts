/** Takes the pictures of the sender's page in docs/screenshots, with made-up contents: `node --conditions=source scripts/screenshots.ts`. */
import { mkdirSync } from 'node:fs';
import { MadeUpSource, madeUpStates } from '../apps/sender/tests/made-up-web-source.ts';
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

mkdirSync(folder, { recursive: true });
const states = madeUpStates(nowMs);
const log = { debug: () => undefined, info: () => undefined, warn: () => undefined, error: console.error };
const browser = await launchBrowser();
for (const { name, state, scheme, width } of pictures) {
  const shown = states[state];
  if (shown === undefined) throw new Error(`There is no state ${state}`);
  const server = await openWebServer({ port: 0, source: new MadeUpSource(shown), log });
  const page = await browser.newPage({
    colorScheme: scheme,
    viewport: { width, height: 800 },
    deviceScaleFactor: width < 500 ? 2 : 1,
    timezoneId: 'America/New_York',
    reducedMotion: 'reduce',
  });
  await page.goto(server.url);
  await page.getByText('Live', { exact: true }).waitFor();
  await page.screenshot({ path: `${folder}/${name}.png`, fullPage: true });
  await page.close();
  await server.close();
  console.log(`${folder}/${name}.png`);
}
await browser.close();
