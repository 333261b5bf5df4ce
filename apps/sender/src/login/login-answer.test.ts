import { expect, test } from 'vitest';
import { judgeLoginAnswer, loginTokenSet } from './login-answer.ts';

const judge = (status: number, body: unknown) =>
  judgeLoginAnswer({ status, body: typeof body === 'string' ? body : JSON.stringify(body) });
const refusedCode = (text: string) => ({
  error: 'unsupported_token_type',
  error_description: `400 Bad Request: "{"error_description":"${text}","error":"invalid_grant"}"`,
});
const tokens = { access_token: 'I0.made-up@', refresh_token: 'made-up-refresh@', expires_in: 1800 };

test('a granted answer gives the tokens', () => {
  expect(judge(200, { ...tokens, token_type: 'Bearer', scope: 'api', id_token: 'a.b.c' })).toEqual({
    kind: 'granted',
    tokens: {
      accessToken: 'I0.made-up@',
      refreshToken: 'made-up-refresh@',
      expiresInSeconds: 1800,
      tokenType: 'Bearer',
      scope: 'api',
      idToken: 'a.b.c',
    },
  });
});

test.each([
  ['an expired code', 400, refusedCode('AuthorizationCode has expired'), 'code_expired', /30 seconds/],
  ['a bad code', 400, refusedCode('Bad authorization code'), 'code_refused', /Log in again/],
  ['a bad code, as the RFC has it', 400, { error: 'invalid_grant' }, 'code_refused', /Log in again/],
  [
    'another callback',
    400,
    { error: 'invalid_request', error_description: 'redirect_uri does not match' },
    'callback_mismatch',
    /byte for byte/,
  ],
  [
    'a wrong key or secret',
    401,
    { error: 'invalid_client', error_description: 'Unauthorized' },
    'wrong_credentials',
    /app_key and app_secret/,
  ],
  ['an app that is not approved', 400, { error: 'unauthorized_client' }, 'not_approved', /Ready For Use/],
  [
    'an answer without a refresh token',
    200,
    { access_token: 'I0.made-up@', expires_in: 1800 },
    'no_refresh_token',
    /malformed on our side/,
  ],
  ['an empty refresh token', 200, { ...tokens, refresh_token: '' }, 'no_refresh_token', /malformed/],
  ['a block at the edge', 403, '<html>Access Denied</html>', 'schwab_unavailable', /in a minute/],
  ['a fault', 503, '', 'schwab_unavailable', /HTTP 503/],
  ['a 401 that is not OAuth', 401, '<html></html>', 'schwab_unavailable', /HTTP 401/],
  ['a 200 that is cut off', 200, '{"access_token":"I0.ma', 'schwab_unavailable', /HTTP 200/],
  ['an unknown error', 400, { error: 'server_busy' }, 'schwab_unavailable', /server_busy/],
] as const)('what goes wrong has its own words: %s', (_what, status, body, code, words) => {
  const outcome = judge(status, body);
  expect(outcome).toMatchObject({ kind: 'failed', code });
  expect('message' in outcome && outcome.message).toMatch(words);
});

test('no secret leaves by a side door: a message quotes nothing of a body but the OAuth error code', () => {
  const secret = 'I0.made-up-secret@';
  for (const status of [200, 400, 401, 403, 500]) {
    for (const body of [
      secret,
      { error: secret, error_description: secret },
      { error: 'invalid_grant', error_description: secret },
    ]) {
      expect(JSON.stringify(judge(status, body))).not.toContain(secret);
    }
  }
});

test('the login time is that of the exchange, in whole seconds, and the lifetime counts from it', () => {
  expect(loginTokenSet({ accessToken: 'a', refreshToken: 'r', expiresInSeconds: 1800 }, 1_762_983_055_999)).toEqual({
    accessToken: 'a',
    refreshToken: 'r',
    issuedAtMs: 1_762_983_055_000,
    loginAtMs: 1_762_983_055_000,
    expiresAtMs: 1_762_984_855_000,
  });
});
