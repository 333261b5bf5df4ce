import { expect, test } from 'vitest';
import type { Sandbox } from '../src/index.ts';
import { startSandbox } from '../src/index.ts';
import type { Reply } from './client.ts';
import { ask, basic, json, redeem, refresh } from './client.ts';
import { allow, answers, authorizeUrl, headingOf, openLogin, submit } from './login-pages.ts';

const state = 'a state & more';

/** The page after so many answers. */
async function pageAfter(sandbox: Sandbox, count: number): Promise<Reply> {
  let page = await openLogin(sandbox, { state });
  for (const answer of answers.slice(0, count)) page = await submit(sandbox, page, answer);
  return page;
}

test('a login goes through four pages and ends with a redirect that brings the code', async () => {
  await using sandbox = await startSandbox();
  const headings = [];
  let page = await openLogin(sandbox, { state, response_type: 'code' });
  for (const answer of answers) {
    expect(page.status).toBe(200);
    headings.push(headingOf(page));
    page = await submit(sandbox, page, answer);
  }
  expect(headings).toEqual([
    'Log in',
    'Allow the app to use your accounts?',
    'Which accounts?',
    'You are almost there',
  ]);
  expect(page.status).toBe(302);
  const location = page.headers.location ?? '';
  expect(location).toMatch(/^https:\/\/127\.0\.0\.1:8182\/\?code=C0\.[\w-]+%40&session=[0-9a-f-]{36}&state=/);
  const redirect = new URL(location).searchParams;
  expect(redirect.get('state')).toBe(state);
  expect((await redeem(sandbox, redirect.get('code') ?? '')).status).toBe(200);
});

test('a code whose @ is encoded as %40 in the form is the code that was issued', async () => {
  await using sandbox = await startSandbox();
  const code = (await allow(sandbox)).searchParams.get('code') ?? '';
  expect(code).toMatch(/@$/);
  const reply = await ask(sandbox.tokenUrl, {
    method: 'POST',
    headers: { Authorization: basic(sandbox.credentials), 'Content-Type': 'application/x-www-form-urlencoded' },
    body: `grant_type=authorization_code&code=${code.replace('@', '%40')}&redirect_uri=https%3A%2F%2F127.0.0.1%3A8182`,
  });
  expect(reply.status).toBe(200);
  expect(json(reply)).toHaveProperty('refresh_token');
});

test.each([0, 1, 2, 3])('after %d pages the user can still say no, and that ends the login', async (count) => {
  await using sandbox = await startSandbox();
  const page = await pageAfter(sandbox, count);
  const denied = await submit(sandbox, page, { choice: 'deny' });
  expect(denied.status).toBe(302);
  const location = new URL(denied.headers.location ?? '');
  expect(location.origin).toBe(sandbox.callbackUrl);
  expect(Object.fromEntries(location.searchParams)).toEqual({
    error: 'access_denied',
    error_description: expect.any(String) as string,
    state,
  });
  expect((await submit(sandbox, page, answers[count])).status).toBe(400);
});

test.each([
  ['no password', 0, { login_id: 'anyone', password: '' }, 'Enter a Login ID and a password'],
  ['terms not accepted', 1, {}, 'accept the terms'],
  ['no account', 2, {}, 'at least one account'],
])('with %s the page comes again and says so', async (_, count, fields, problem) => {
  await using sandbox = await startSandbox();
  const page = await pageAfter(sandbox, count);
  const again = await submit(sandbox, page, fields);
  expect(again.status).toBe(422);
  expect(headingOf(again)).toBe(headingOf(page));
  expect(again.body.toString()).toContain(problem);
  expect((await submit(sandbox, again, answers[count])).status).toBe(200);
});

test('a page gone back to can be sent again, one not yet reached cannot', async () => {
  await using sandbox = await startSandbox();
  const signIn = await openLogin(sandbox);
  const consent = await submit(sandbox, signIn, answers[0]);
  const accounts = await submit(sandbox, consent, answers[1]);
  expect(headingOf(await submit(sandbox, signIn, answers[0]))).toBe(headingOf(consent));
  expect((await submit(sandbox, accounts, answers[2])).status).toBe(200);

  const other = await openLogin(sandbox);
  const flow = /name="flow" value="([^"]+)"/.exec(other.body.toString())?.[1] ?? '';
  const ahead = await ask(`${sandbox.baseUrl}/v1/oauth/done`, { method: 'POST', body: `flow=${flow}` });
  expect(ahead.status).toBe(400);
  expect(ahead.headers.location).toBeUndefined();
});

test('Done works once', async () => {
  await using sandbox = await startSandbox();
  const page = await pageAfter(sandbox, 3);
  expect((await submit(sandbox, page)).status).toBe(302);
  expect((await submit(sandbox, page)).status).toBe(400);
});

test('the hundred newest logins are on their way, an older one is forgotten', async () => {
  await using sandbox = await startSandbox();
  const pages: Reply[] = [];
  for (let i = 0; i < 101; i++) pages.push(await openLogin(sandbox));
  const [first, second] = [pages[0], pages[1]] as [Reply, Reply];
  expect((await submit(sandbox, first, answers[0])).status).toBe(400);
  expect((await submit(sandbox, second, answers[0])).status).toBe(200);
});

test.each([
  ['another client_id', { client_id: 'x' }, 401, 'app key'],
  [
    'a callback with a slash more',
    { redirect_uri: 'https://127.0.0.1:8182/' },
    400,
    '&quot;https://127.0.0.1:8182&quot;',
  ],
  [
    'a callback in other letters',
    { redirect_uri: 'HTTPS://127.0.0.1:8182' },
    400,
    '&quot;https://127.0.0.1:8182&quot;',
  ],
  ['another response_type', { response_type: 'token' }, 400, 'response_type'],
])('with %s a login ends at an error page that says why', async (_, wrong, status, reason) => {
  await using sandbox = await startSandbox();
  const reply = await openLogin(sandbox, wrong);
  expect(reply.status).toBe(status);
  expect(reply.headers['content-type']).toMatch(/^text\/html/);
  expect(reply.headers.location).toBeUndefined();
  expect(reply.body.toString()).toContain('We are unable to complete your request');
  expect(reply.body.toString()).toContain(reason);
});

test('what a query holds does not become part of a page', async () => {
  await using sandbox = await startSandbox();
  const page = await openLogin(sandbox, { redirect_uri: `"><script>alert('1')</script>&` });
  expect(page.body.toString()).toContain('&quot;&gt;&lt;script&gt;alert(&#39;1&#39;)&lt;/script&gt;&amp;');
  expect(page.body.toString()).not.toContain('<script');
});

test('a question mark in a query is part of it', async () => {
  await using sandbox = await startSandbox({ autoApprove: true });
  const reply = await ask(`${authorizeUrl(sandbox)}&state=a?b?c`);
  expect(new URL(reply.headers.location ?? '').searchParams.get('state')).toBe('a?b?c');
});

test('with autoApprove the authorize URL redirects at once', async () => {
  await using sandbox = await startSandbox({ autoApprove: true });
  const reply = await openLogin(sandbox, { state });
  expect(reply.status).toBe(302);
  const redirect = new URL(reply.headers.location ?? '').searchParams;
  expect([...redirect.keys()]).toEqual(['code', 'session', 'state']);
  expect((await redeem(sandbox, redirect.get('code') ?? '')).status).toBe(200);
});

test('an app that is not approved cannot log in or refresh, until it is approved', async () => {
  await using sandbox = await startSandbox({ unapprovedApp: true });
  const { refreshToken } = sandbox.logIn();
  const page = await openLogin(sandbox);
  expect(page.status).toBe(401);
  expect(page.body.toString()).toContain('not approved');
  const refused = await refresh(sandbox, refreshToken);
  expect([refused.status, json(refused)]).toEqual([
    401,
    { error: 'invalid_client', error_description: 'Unauthorized' },
  ]);
  expect(sandbox.requests.at(-1)?.outcome).toBe('app_not_approved');

  sandbox.setApproved(true);
  const code = (await allow(sandbox)).searchParams.get('code') ?? '';
  sandbox.setApproved(false);
  expect((await redeem(sandbox, code)).status).toBe(401);
  sandbox.setApproved(true);
  expect((await redeem(sandbox, code)).status).toBe(200);
});

test('another process can end and give the approval', async () => {
  await using sandbox = await startSandbox();
  expect((await ask(`${sandbox.baseUrl}/sandbox/unapprove`, { method: 'POST' })).status).toBe(204);
  expect((await openLogin(sandbox)).status).toBe(401);
  expect((await ask(`${sandbox.baseUrl}/sandbox/approve`, { method: 'POST' })).status).toBe(204);
  expect((await openLogin(sandbox)).status).toBe(200);
});

test('a page has a language, a title, one heading, and nothing from outside', async () => {
  await using sandbox = await startSandbox();
  for (const count of [0, 1, 2, 3]) {
    const page = await pageAfter(sandbox, count);
    const html = page.body.toString();
    expect(html).toContain('<html lang="en">');
    expect(html).toMatch(/<title>[^<]+<\/title>/);
    expect(html.match(/<h1>/g)?.length).toBe(1);
    expect(html).not.toMatch(/<script|src=|@import|url\(/);
    expect(page.headers['content-security-policy']).toContain("default-src 'none'");
    expect(page.headers['referrer-policy']).toBe('no-referrer');
  }
});
