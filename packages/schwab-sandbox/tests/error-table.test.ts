import { expect, test } from 'vitest';
import type { Sandbox } from '../src/index.ts';
import { startSandbox } from '../src/index.ts';
import type { Reply } from './client.ts';
import { ask, askForTokens, basic, json, redeem, refresh } from './client.ts';
import { allow } from './login-pages.ts';

async function codeOf(sandbox: Sandbox): Promise<string> {
  return (await allow(sandbox)).searchParams.get('code') ?? '';
}

test.each([
  [
    'A',
    'unsupported_token_type',
    /^400 Bad Request: "{"error_description":"Exception while authenticating refresh token \[tokenDigest=[0-9a-f]{8}, Exception=Failed refresh token authentication .*"error":"refresh_token_authentication_error"}"$/,
  ],
  ['B', 'unsupported_token_type', /Refresh token is invalid, expired or revoked.*"error":"invalid_grant"/],
  ['C', 'invalid_client', /^refresh_token_invalid$/],
  ['C_spaces', 'invalid_client', /^refresh token invalid$/],
] as const)('a refresh token is refused in form %s', async (form, error, description) => {
  await using sandbox = await startSandbox();
  const { refreshToken } = sandbox.logIn();
  sandbox.addFault({ kind: 'refuse', form });
  const reply = await refresh(sandbox, refreshToken);
  expect(reply.status).toBe(400);
  expect(json(reply)).toEqual({ error, error_description: expect.stringMatching(description) as string });
  expect(reply.body.toString()).not.toContain(refreshToken);
  expect((await refresh(sandbox, refreshToken)).status).toBe(200);
});

test('a refresh token is refused as the RFC has it', async () => {
  await using sandbox = await startSandbox();
  sandbox.addFault({ kind: 'refuse', form: 'rfc' });
  const reply = await refresh(sandbox, 'made-up');
  expect([reply.status, json(reply)]).toEqual([400, { error: 'invalid_grant' }]);
});

test('wrong credentials are a 401, until they are right', async () => {
  await using sandbox = await startSandbox();
  const { refreshToken } = sandbox.logIn();
  const form = { grant_type: 'refresh_token', refresh_token: refreshToken };
  const unauthorized = [401, { error: 'invalid_client', error_description: 'Unauthorized' }];

  const wrongSecret = await askForTokens(sandbox, form, { ...sandbox.credentials, appSecret: 'wrong' });
  expect([wrongSecret.status, json(wrongSecret)]).toEqual(unauthorized);

  const before = sandbox.credentials;
  sandbox.setCredentials({ appSecret: 'changed' });
  expect((await askForTokens(sandbox, form, before)).status).toBe(401);
  expect((await refresh(sandbox, refreshToken)).status).toBe(200);

  sandbox.addFault({ kind: 'unauthorized' });
  const faulty = await refresh(sandbox, refreshToken);
  expect([faulty.status, json(faulty)]).toEqual(unauthorized);
});

test('a code works once', async () => {
  await using sandbox = await startSandbox();
  const code = await codeOf(sandbox);
  expect((await redeem(sandbox, code)).status).toBe(200);
  const again = await redeem(sandbox, code);
  expect(again.status).toBe(400);
  expect(json(again)['error']).toBe('unsupported_token_type');
  expect(json(again)['error_description']).toContain('Bad authorization code');
});

test('a code is dead after 30 seconds', async () => {
  let nowMs = 1_000_000;
  await using sandbox = await startSandbox({ nowMs: () => nowMs });
  const [inTime, late] = [await codeOf(sandbox), await codeOf(sandbox)];
  nowMs += 29_999;
  expect((await redeem(sandbox, inTime)).status).toBe(200);
  nowMs += 1;
  const reply = await redeem(sandbox, late);
  expect(reply.status).toBe(400);
  expect(json(reply)['error']).toBe('unsupported_token_type');
  expect(json(reply)['error_description']).toContain('AuthorizationCode has expired');
});

test.each([
  ['that nobody issued', (): string => 'C0.made-up@'],
  ['that was encoded twice', (code: string): string => encodeURIComponent(code)],
])('a code %s is bad', async (_, change) => {
  await using sandbox = await startSandbox();
  const reply = await redeem(sandbox, change(await codeOf(sandbox)));
  expect(reply.status).toBe(400);
  expect(json(reply)['error_description']).toContain('Bad authorization code');
});

test('a code with another redirect_uri is bad', async () => {
  await using sandbox = await startSandbox();
  const reply = await redeem(sandbox, await codeOf(sandbox), { redirect_uri: `${sandbox.callbackUrl}/` });
  expect(json(reply)['error_description']).toContain('Bad authorization code');
});

test('a malformed login is answered without a refresh token and leaves the earlier login alive', async () => {
  await using sandbox = await startSandbox();
  const { refreshToken } = sandbox.logIn();
  const reply = await redeem(sandbox, await codeOf(sandbox), { client_id: sandbox.credentials.appKey });
  expect(reply.status).toBe(200);
  expect(json(reply)).toHaveProperty('access_token');
  expect(json(reply)).not.toHaveProperty('refresh_token');
  expect((await refresh(sandbox, refreshToken)).status).toBe(200);
});

test('an edge block is a 403 with an HTML page that says Access Denied', async () => {
  await using sandbox = await startSandbox();
  sandbox.addFault({ kind: 'html', status: 403 });
  const reply = await refresh(sandbox, 'made-up');
  expect(reply.status).toBe(403);
  expect(reply.headers['content-type']).toMatch(/^text\/html/);
  expect(reply.body.toString()).toContain('Access Denied');
});

test.each([429, 500, 502, 503, 504])('overload is %d, as a page, empty or with a body', async (status) => {
  await using sandbox = await startSandbox();
  sandbox.addFault({ kind: 'html', status });
  sandbox.addFault({ kind: 'empty', status });
  sandbox.addFault({ kind: 'status', status, body: 'busy', headers: { 'Retry-After': '7' } });
  const [page, empty, withBody] = [
    await refresh(sandbox, 'made-up'),
    await refresh(sandbox, 'made-up'),
    await refresh(sandbox, 'made-up'),
  ];
  expect([page.status, empty.status, withBody.status]).toEqual([status, status, status]);
  expect(page.body.toString()).toContain('<HTML>');
  expect(page.headers['retry-after']).toBeUndefined();
  expect(empty.body.length).toBe(0);
  expect(withBody.body.toString()).toBe('busy');
  expect(withBody.headers['retry-after']).toBe('7');
});

test.each([
  ['a content type that is no form', 'application/json', 'grant_type=refresh_token&refresh_token=x', 'invalid_request'],
  ['no refresh token', 'application/x-www-form-urlencoded', 'grant_type=refresh_token', 'invalid_request'],
  ['another grant', 'application/x-www-form-urlencoded', 'grant_type=password', 'unsupported_grant_type'],
])('a request with %s is a 400', async (_, contentType, body, error) => {
  await using sandbox = await startSandbox();
  const headers = { Authorization: basic(sandbox.credentials), 'Content-Type': contentType };
  const reply = await ask(sandbox.tokenUrl, { method: 'POST', headers, body });
  expect(reply.status).toBe(400);
  expect(json(reply)['error']).toBe(error);
});

test('a body of 64 KiB is read, one of a byte more is a 413', async () => {
  await using sandbox = await startSandbox();
  const post = (bytes: number): Promise<Reply> => ask(sandbox.tokenUrl, { method: 'POST', body: 'x'.repeat(bytes) });
  expect((await post(64 * 1024)).status).toBe(400);
  expect((await post(64 * 1024 + 1)).status).toBe(413);
  expect(sandbox.requests.length).toBe(1);
});

test('another method or path is a 404', async () => {
  await using sandbox = await startSandbox();
  expect((await ask(sandbox.tokenUrl)).status).toBe(404);
  expect((await ask(`${sandbox.baseUrl}//`)).status).toBe(404);
});
