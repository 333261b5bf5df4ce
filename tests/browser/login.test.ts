/** The `login` command with a real browser: from the printed address through Schwab's pages to the page it lands on. */
import { readFile } from 'node:fs/promises';
import type { Browser, Page, Response } from 'playwright-core';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { faultsInEveryLook, launchBrowser } from './browser.ts';
import {
  denyAtSchwab,
  goThroughSchwab,
  historyOf,
  loginBench,
  loginCommand,
  newVisitor,
  printedAddress,
} from './login-bench.ts';

let browser: Browser;
beforeAll(async () => {
  browser = await launchBrowser();
});
afterAll(() => browser.close());

test('the printed address leads through Schwab to a page that says until when, without the code, and tokens arrive', async () => {
  await using bench = await loginBench();
  const receiver = bench.receiver();
  await receiver.line(/started/);
  const before = await bench.tokens();
  const command = loginCommand(bench);
  const page = await (await newVisitor(browser, { timezoneId: 'Asia/Tokyo' })).newPage();
  await page.goto(await printedAddress(command));
  await goThroughSchwab(page);
  const responses = responsesTo(page, bench.callbackUrl);
  await page.getByRole('button', { name: 'Done' }).click();

  await page.getByRole('heading', { name: 'You are logged in' }).waitFor();
  expect(await command.finished).toMatchObject({ code: 0, stderr: '' });
  const after = await bench.tokens();
  const endsAt = await page.locator('time').getAttribute('datetime');
  const week = 7 * 24 * 60 * 60;
  expect(Math.floor(Date.parse(endsAt ?? '') / 1_000)).toBe(after.creation_timestamp + week);
  expect(await page.locator('main').innerText()).toMatch(/Until \w+day.* You are told before it ends\./);

  expect(responses.map((response) => response.status())).toEqual([303, 200]);
  for (const response of responses) expectStrictHeaders(response);
  expect(page.url()).toMatch(/\/done\/[\w-]+$/);
  expect(await historyOf(page, bench.callbackUrl)).toEqual([page.url()]);
  expect(await page.evaluate('document.referrer')).toBe('');
  const html = await page.content();
  for (const name of ['access_token', 'refresh_token', 'id_token']) expect(html).not.toContain(after.token[name]);
  expect(await faultsInEveryLook(page)).toEqual([]);

  expect(after.creation_timestamp).toBeGreaterThanOrEqual(before.creation_timestamp);
  expect(after.token['refresh_token']).not.toBe(before.token['refresh_token']);
  await receiver.until('the new token', () => (receiver.count(/Token received/) === 2 ? true : undefined));
  expect((await bench.get('/v1/token/raw')).text).toBe(after.token['access_token']);
});

test('a user who denies is told so on the page and by the command, and the tokens before stay', async () => {
  await using bench = await loginBench();
  const before = await readFile(bench.tokenFile, 'utf8');
  const command = loginCommand(bench);
  const page = await (await newVisitor(browser)).newPage();
  await page.goto(await printedAddress(command));
  const responses = responsesTo(page, bench.callbackUrl);
  await denyAtSchwab(page);

  await page.getByRole('heading', { name: 'The login did not work' }).waitFor();
  const text = await page.locator('main').innerText();
  expect(text).toMatch(/Access was denied/);
  expect(text).toMatch(/The earlier login, if there was one, is left as it was/);
  const { code, stderr } = await command.finished;
  expect([code, stderr]).toEqual([1, expect.stringMatching(/^error: Access was denied/m)]);
  expect(await readFile(bench.tokenFile, 'utf8')).toBe(before);
  expect(bench.sandbox.requests.filter(({ grantType }) => grantType === 'authorization_code')).toEqual([]);
  for (const response of responses) expectStrictHeaders(response);
  expect(page.url()).toMatch(/\/done\/[\w-]+$/);
  expect(await historyOf(page, bench.callbackUrl)).toEqual([page.url()]);
  expect(await faultsInEveryLook(page)).toEqual([]);
});

test('a browser that warns of the certificate goes on to the same end, and is not asked again the next time', async () => {
  await using bench = await loginBench();
  const context = await newVisitor(browser, { ignoreHTTPSErrors: false });
  const page = await context.newPage();
  const first = loginCommand(bench);
  await page.goto(await printedAddress(first));
  await goThroughSchwab(page);
  await page.getByRole('button', { name: 'Done' }).click();
  await page.locator('#details-button').click();
  await page.locator('#proceed-link').click();
  await page.getByRole('heading', { name: 'You are logged in' }).waitFor();
  expect((await first.finished).code).toBe(0);

  const second = loginCommand(bench);
  await page.goto(await printedAddress(second));
  await goThroughSchwab(page);
  await page.getByRole('button', { name: 'Done' }).click();
  await page.getByRole('heading', { name: 'You are logged in' }).waitFor();
  expect((await second.finished).code).toBe(0);
});

/** The browser's own answers from the callback's server, from now on. */
function responsesTo(page: Page, origin: string): Response[] {
  const responses: Response[] = [];
  page.on('response', (response) => {
    if (new URL(response.url()).origin === origin) responses.push(response);
  });
  return responses;
}

function expectStrictHeaders(response: Response): void {
  const headers = response.headers();
  expect(headers['content-security-policy']).toMatch(/^default-src 'none'; style-src 'sha256-[^']+'; base-uri 'none'/);
  expect(headers['referrer-policy']).toBe('no-referrer');
  expect(headers['cache-control']).toBe('no-store');
}
