import { expect, test } from 'vitest';
import { loginRig } from './login-rig.ts';
import { land, redirectAfterLogin, visit } from './stand-in-browser.ts';

test('the redirect is caught, the code exchanged at once, and the browser told when it is true', async () => {
  const { start, sandbox, kept, callbackUrl } = await loginRig();
  const attempt = await start();
  expect(attempt.listening).toBe(callbackUrl);
  const redirect = await redirectAfterLogin(attempt.authorizeUrl);
  const page = await land(redirect);
  expect(page.status).toBe(200);
  expect(page.text).toContain('You are logged in');
  expect(await attempt.result).toMatchObject({ kind: 'logged_in', loginAtMs: kept[0]?.loginAtMs });
  expect(kept).toHaveLength(1);
  expect(sandbox.requests).toMatchObject([{ grantType: 'authorization_code', outcome: 'issued' }]);
});

test('the address bar loses the code, and the page has neither code nor token in it', async () => {
  const { start, kept } = await loginRig();
  const attempt = await start();
  const redirect = await redirectAfterLogin(attempt.authorizeUrl);
  const first = await visit(redirect);
  expect(first.status).toBe(303);
  expect(first.text).toBe('');
  expect(new URL(first.location ?? '').pathname).toMatch(/^\/done\/[\w-]{16}$/);
  expect(new URL(first.location ?? '').search).toBe('');
  const page = await visit(first.location ?? '');
  for (const { headers } of [first, page]) {
    expect(headers).toMatchObject({
      'cache-control': 'no-store',
      'referrer-policy': 'no-referrer',
      'x-content-type-options': 'nosniff',
      'content-security-policy': expect.stringMatching(/^default-src 'none'; style-src 'sha256-/) as string,
    });
  }
  const { searchParams } = new URL(redirect);
  const secrets = [
    searchParams.get('code'),
    searchParams.get('state'),
    kept[0]?.tokens.accessToken,
    kept[0]?.tokens.refreshToken,
  ];
  for (const secret of secrets) {
    expect(secret).toBeTruthy();
    expect(`${page.text} ${first.location ?? ''}`).not.toContain(secret);
  }
});

test('a pasted address ends the login too, and the port is free afterwards', async () => {
  const { start, kept } = await loginRig();
  const attempt = await start();
  expect(attempt.paste(`  ${await redirectAfterLogin(attempt.authorizeUrl)}\n`)).toEqual({ kind: 'taken' });
  expect((await attempt.result).kind).toBe('logged_in');
  await attempt.closed();
  const again = await start();
  expect(again.listening).toBeDefined();
  expect(kept).toHaveLength(1);
});

test('a wrong paste, and a redirect of another login, do not end the attempt', async () => {
  const { start, sandbox, warnings } = await loginRig();
  const attempt = await start();
  expect(attempt.paste('what?')).toMatchObject({ kind: 'not_a_url' });
  const redirect = await redirectAfterLogin(attempt.authorizeUrl);
  const foreign = new URL(redirect);
  foreign.searchParams.set('state', 'of-another-login');
  const page = await land(foreign.href);
  expect(page.status).toBe(400);
  expect(page.text).toContain('belongs to another login');
  const without = new URL(redirect);
  without.searchParams.delete('state');
  expect((await land(without.href)).text).toContain('has no state in it');
  expect(warnings).toHaveLength(2);
  expect(sandbox.requests).toHaveLength(0);
  expect(attempt.phase.kind).toBe('waiting');
  expect((await land(redirect)).text).toContain('You are logged in');
});

test('one exchange only: redirect, paste and the same redirect again make one request', async () => {
  const { start, sandbox, kept } = await loginRig();
  const attempt = await start();
  sandbox.addFault({ kind: 'delay', ms: 100 });
  const redirect = await redirectAfterLogin(attempt.authorizeUrl);
  const landing = land(redirect);
  const again = land(redirect);
  await sandbox.waitForRequest(1);
  expect(attempt.paste(redirect)).toMatchObject({ kind: 'too_late' });
  for (const page of [await landing, await again]) expect(page.text).toContain('You are logged in');
  expect(sandbox.requests).toHaveLength(1);
  expect(kept).toHaveLength(1);
});

test('an exchange that has begun is not abandoned when the login is cancelled', async () => {
  const { start, sandbox } = await loginRig();
  const attempt = await start();
  sandbox.addFault({ kind: 'delay', ms: 100 });
  attempt.paste(await redirectAfterLogin(attempt.authorizeUrl));
  attempt.cancel();
  expect((await attempt.result).kind).toBe('logged_in');
});

test('a login that nobody makes ends in time, and one that is cancelled ends at once', async () => {
  const { start } = await loginRig();
  const attempt = await start({ timeoutMs: 10 });
  expect(await attempt.result).toMatchObject({ kind: 'failed', code: 'timeout' });
  const other = await start({ listen: false });
  other.cancel();
  expect(await other.result).toMatchObject({ kind: 'failed', code: 'cancelled' });
  expect(other.paste('https://127.0.0.1')).toMatchObject({ kind: 'too_late' });
});

test('the user denies: the login is over, and the page and the result say so', async () => {
  const { start, callbackUrl, sandbox } = await loginRig();
  const attempt = await start();
  const state = new URL(attempt.authorizeUrl).searchParams.get('state') ?? '';
  const page = await land(`${callbackUrl}/?error=access_denied&error_description=no&state=${state}`);
  expect(page.text).toMatch(/did not work[^]*Access was denied/);
  expect(await attempt.result).toMatchObject({ kind: 'failed', code: 'denied' });
  expect(sandbox.requests).toHaveLength(0);
});

test('a code older than 30 seconds is told of with the 30 seconds', async () => {
  let nowMs = Date.now();
  const { start, kept } = await loginRig({ nowMs: () => nowMs });
  const attempt = await start();
  const redirect = await redirectAfterLogin(attempt.authorizeUrl);
  nowMs += 30_000;
  expect((await land(redirect)).text).toMatch(/did not work[^]*older than 30 seconds/);
  expect(await attempt.result).toMatchObject({ kind: 'failed', code: 'code_expired' });
  expect(kept).toHaveLength(0);
});

test.each([
  ['an answer without a refresh token', { kind: 'no_refresh_token' }, 'no_refresh_token', /malformed on our side/],
  ['an outage', { kind: 'status', status: 503 }, 'schwab_unavailable', /HTTP 503/],
  ['a connection that breaks', { kind: 'reset' }, 'schwab_unavailable', /cut off/],
  ['an answer that is cut off', { kind: 'cut_off' }, 'schwab_unavailable', /./],
] as const)('%s ends the login with its own words, and nothing is kept', async (_what, fault, code, words) => {
  const { start, sandbox, kept } = await loginRig();
  const attempt = await start({ listen: false });
  sandbox.addFault(fault);
  attempt.paste(await redirectAfterLogin(attempt.authorizeUrl));
  const result = await attempt.result;
  expect(result).toMatchObject({ kind: 'failed', code });
  expect('message' in result && result.message).toMatch(words);
  expect(kept).toHaveLength(0);
});

test('a wrong secret is told of as such', async () => {
  const { start, sandbox, callbackUrl } = await loginRig();
  const app = { ...sandbox.credentials, appSecret: 'another-made-up-1', callbackUrl };
  const attempt = await start({ app });
  const page = await land(await redirectAfterLogin(attempt.authorizeUrl));
  expect(page.text).toMatch(/does not accept the app key and secret/);
  expect(await attempt.result).toMatchObject({ kind: 'failed', code: 'wrong_credentials' });
});

test('a callback that is not the registered one, byte for byte, is named as what may be wrong', async () => {
  const { start, sandbox, callbackUrl } = await loginRig();
  const attempt = await start({ app: { ...sandbox.credentials, callbackUrl: `${callbackUrl}/` }, listen: false });
  const state = new URL(attempt.authorizeUrl).searchParams.get('state') ?? '';
  expect((await visit(attempt.authorizeUrl)).status).toBe(400);
  const registered = `${sandbox.authorizeUrl}?client_id=${sandbox.credentials.appKey}&redirect_uri=${callbackUrl}&state=${state}`;
  attempt.paste(await redirectAfterLogin(registered));
  expect(await attempt.result).toMatchObject({
    code: 'code_refused',
    message: expect.stringMatching(/byte for byte/) as string,
  });
});

test('an app without a callback cannot begin', async () => {
  const { start, sandbox } = await loginRig();
  await expect(start({ app: sandbox.credentials })).rejects.toMatchObject({ code: 'callback_missing' });
});

test('what could not be saved is said on the page, which still says that the login is made', async () => {
  const { start } = await loginRig();
  const attempt = await start({ keep: () => Promise.resolve('The login is made, but not saved: disk full') });
  const page = await land(await redirectAfterLogin(attempt.authorizeUrl));
  expect(page.text).toMatch(/You are logged in[^]*not saved: disk full/);
  expect(await attempt.result).toMatchObject({ kind: 'logged_in', problem: expect.any(String) as string });
});
