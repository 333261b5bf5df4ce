import { expect, test } from 'vitest';
import { judgeRefreshAnswer } from './token-answer.ts';

const now = Date.parse('2026-11-20T12:00:00Z');
const judge = (status: number, body: unknown, retryAfter?: string) =>
  judgeRefreshAnswer({ status, body: typeof body === 'string' ? body : JSON.stringify(body), retryAfter }, now);

const formA = {
  error: 'unsupported_token_type',
  error_description:
    '400 Bad Request: "{"error_description":"Exception while authenticating refresh token [tokenDigest=abc, Exception=Failed refresh token authentication [tokenDigest=abc]]","error":"refresh_token_authentication_error"}"',
};
const formB = {
  error: 'unsupported_token_type',
  error_description:
    '400 Bad Request: "{"error_description":"Refresh token is invalid, expired or revoked","error":"invalid_grant"}"',
};

test.each([
  ['form A', 400, formA],
  ['form B', 400, formB],
  ['form C', 400, { error: 'invalid_client', error_description: 'refresh_token_invalid' }],
  ['form C in its other spelling', 400, { error: 'invalid_client', error_description: 'refresh token invalid' }],
  ['the form of RFC 6749', 400, { error: 'invalid_grant' }],
  ['form C with a 401', 401, { error: 'invalid_client', error_description: 'refresh_token_invalid' }],
])('a refused refresh token is recognised: %s', (_name, status, body) => {
  expect(judge(status, body).kind).toBe('refused');
});

test.each([
  ['401', 401, { error: 'invalid_client', error_description: 'Unauthorized' }],
  ['401 without a description', 401, { error: 'invalid_client' }],
  ['400, as RFC 6749 allows', 400, { error: 'invalid_client' }],
])('wrong credentials are recognised: %s', (_name, status, body) => {
  expect(judge(status, body).kind).toBe('wrong_credentials');
});

test.each([
  ['a block at the edge', 403, '<html>Access Denied</html>'],
  ['a 403 with OAuth JSON', 403, { error: 'invalid_grant' }],
  ['too many requests', 429, ''],
  ['a request timeout', 408, ''],
  ['500 with OAuth JSON', 500, { error: 'invalid_client' }],
  ['502', 502, '<html></html>'],
  ['503 without a body', 503, ''],
  ['a 401 that is not OAuth', 401, '<html>Unauthorized</html>'],
  ['a 400 that is not OAuth', 400, ''],
  ['a 400 about something else', 400, { error: 'invalid_request' }],
  [
    'an expired code, which is not a refresh token',
    400,
    { error: 'unsupported_token_type', error_description: 'AuthorizationCode has expired' },
  ],
  ['a redirect', 302, ''],
  ['a 200 with HTML', 200, '<html></html>'],
  ['a 200 without an access token', 200, { token_type: 'Bearer' }],
  ['a 200 with an access token of the wrong type', 200, { access_token: 7, expires_in: 1800 }],
  ['a 200 with a line break in the token', 200, { access_token: 'a\nb', expires_in: 1800 }],
  ['a 200 that is cut off', 200, '{"access_token":"made-'],
])('a passing fault is recognised: %s', (_name, status, body) => {
  expect(judge(status, body).kind).toBe('passing');
});

test('a granted answer gives the tokens, with expires_in as a number or as a string', () => {
  const body = { access_token: 'I0.made-up@', refresh_token: 'r1', id_token: 'j', token_type: 'Bearer', scope: 'api' };
  const tokens = { accessToken: 'I0.made-up@', refreshToken: 'r1', idToken: 'j', tokenType: 'Bearer', scope: 'api' };
  expect(judge(200, { ...body, expires_in: 1800 })).toEqual({
    kind: 'granted',
    tokens: { ...tokens, expiresInSeconds: 1800 },
  });
  expect(judge(200, { ...body, expires_in: '3600' })).toEqual({
    kind: 'granted',
    tokens: { ...tokens, expiresInSeconds: 3600 },
  });
});

test('a granted answer without a refresh token leaves it out', () => {
  expect(judge(200, { access_token: 'made-up' })).toEqual({
    kind: 'granted',
    tokens: { accessToken: 'made-up', expiresInSeconds: 1800 },
  });
});

test.each([
  ['seconds', '120', 120_000],
  ['seconds, up to 5 minutes', '86400', 300_000],
  ['a date', 'Fri, 20 Nov 2026 12:01:00 GMT', 60_000],
  ['a date in the past', 'Fri, 20 Nov 2026 11:00:00 GMT', undefined],
  ['nonsense', 'soon', undefined],
])('Retry-After is honoured: %s', (_name, retryAfter, retryAfterMs) => {
  expect(judge(429, '', retryAfter)).toMatchObject({
    kind: 'passing',
    ...(retryAfterMs === undefined ? {} : { retryAfterMs }),
  });
  expect('retryAfterMs' in judge(429, '', retryAfter)).toBe(retryAfterMs !== undefined);
});

test('no secret leaves by a side door: a reason quotes nothing of a body but the OAuth error code', () => {
  const secret = 'I0.made-up-secret@';
  for (const status of [200, 400, 401, 403, 500]) {
    for (const body of [
      secret,
      { error: secret, error_description: secret },
      { error: 'invalid_grant', error_description: secret },
    ]) {
      const outcome = judge(status, body);
      expect(JSON.stringify(outcome)).not.toContain(secret);
    }
  }
});
