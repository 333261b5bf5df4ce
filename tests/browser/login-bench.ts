/** What a login in a real browser needs: built daemons whose callback is on a free port, and hands that click at Schwab. */
import { once } from 'node:events';
import { createServer } from 'node:net';
import type { Browser, BrowserContext, BrowserContextOptions, Page } from 'playwright-core';
import { onTestFinished } from 'vitest';
import { freePort } from '../../apps/sender/tests/free-port.ts';
import { Bench, type Program } from '../system/processes.ts';

export interface LoginBench extends Bench {
  readonly callbackUrl: string;
}

/** A user whose app has its callback on a free port of this machine, with a login in the token file. */
export async function loginBench(): Promise<LoginBench> {
  const callbackUrl = `https://127.0.0.1:${await freePort()}`;
  const bench = await Bench.make({ callbackUrl });
  const { appKey, appSecret } = bench.sandbox.credentials;
  await bench.write('app.yaml', `app_key: ${appKey}\napp_secret: ${appSecret}\ncallback_url: ${callbackUrl}\n`, 0o600);
  return Object.assign(bench, { callbackUrl });
}

/** `token-refresh-sender login`, as from a terminal where nobody pastes anything. */
export function loginCommand(bench: Bench): Program {
  const args = ['login', ...bench.senderArguments(), `--authorize-url=${bench.sandbox.authorizeUrl}`];
  return bench.start('token-refresh-sender', args, { stdin: 'pipe' });
}

/** The address that the command tells its user to open. */
export async function printedAddress(command: Program): Promise<string> {
  return (await command.line(/^ {2}http:\S+$/)).trim();
}

/** The daemon with its web page. Resolves to the page's address. */
export async function startWithWebPage(bench: Bench): Promise<string> {
  const sender = bench.sender(`--authorize-url=${bench.sandbox.authorizeUrl}`, `--web-port=${await freePort()}`);
  const line = await sender.line(/Web page at http:/);
  return line.replace(/^.*Web page at /, '');
}

/** A browser of its own for this test, which goes on at the callback's certificate, as its user would be told to. */
export async function newVisitor(browser: Browser, options: BrowserContextOptions = {}): Promise<BrowserContext> {
  const context = await browser.newContext({ ignoreHTTPSErrors: true, reducedMotion: 'reduce', ...options });
  onTestFinished(() => context.close());
  return context;
}

/** Through Schwab's pages, up to the last button, which sends the browser back. */
export async function goThroughSchwab(page: Page): Promise<void> {
  await logInAtSchwab(page);
  await page.getByRole('heading', { name: 'Allow the app to use your accounts?' }).waitFor();
  await page.getByRole('checkbox').check();
  await page.getByRole('button', { name: 'Continue' }).click();
  await page.getByRole('heading', { name: 'Which accounts?' }).waitFor();
  await page.getByRole('button', { name: 'Continue' }).click();
  await page.getByRole('heading', { name: 'You are almost there' }).waitFor();
}

export async function denyAtSchwab(page: Page): Promise<void> {
  await logInAtSchwab(page);
  await page.getByRole('heading', { name: 'Allow the app to use your accounts?' }).waitFor();
  await page.getByRole('button', { name: 'Deny' }).click();
}

async function logInAtSchwab(page: Page): Promise<void> {
  await page.getByLabel('Login ID').fill('made-up-user');
  await page.getByLabel('Password').fill('made-up-password');
  await page.getByRole('button', { name: 'Log in' }).click();
}

/** Another program on the callback's port, which hangs up on everyone. */
export async function occupy(callbackUrl: string): Promise<void> {
  const other = createServer((socket) => socket.destroy());
  other.listen(Number(new URL(callbackUrl).port), '127.0.0.1');
  onTestFinished(() => void other.close());
  await once(other, 'listening');
}

/** What the tab's history keeps of this origin, oldest first. */
export async function historyOf(page: Page, origin: string): Promise<string[]> {
  const session = await page.context().newCDPSession(page);
  const { entries } = await session.send('Page.getNavigationHistory');
  await session.detach();
  return entries.map(({ url }) => url).filter((url) => new URL(url).origin === origin);
}
