import { expect, test } from 'vitest';
import { judgeTokenRequest } from './token-request.ts';

const credentials = { appKey: 'key', appSecret: 'se:cret' };
const authorization = `Basic ${Buffer.from('key:se:cret').toString('base64')}`;
const contentType = 'application/x-www-form-urlencoded';

function judge(body: string, headers: { authorization?: string; contentType?: string } = {}): unknown {
  return judgeTokenRequest({ authorization, contentType, ...headers, body }, credentials);
}

test.each([
  ['grant_type=refresh_token&refresh_token=a%40', { kind: 'refresh', secret: 'a@' }],
  [
    'grant_type=authorization_code&code=c%40&redirect_uri=https%3A%2F%2Fx',
    { kind: 'login', secret: 'c@', redirectUri: 'https://x', wellFormed: true },
  ],
  [
    'grant_type=authorization_code&code=c&redirect_uri=x&client_id=key',
    { kind: 'login', secret: 'c', redirectUri: 'x', wellFormed: false },
  ],
  ['grant_type=password', { kind: 'malformed', error: 'unsupported_grant_type' }],
  ['', { kind: 'malformed', error: 'invalid_request' }],
  ['grant_type=refresh_token', { kind: 'malformed' }],
  ['grant_type=refresh_token&refresh_token=', { kind: 'malformed' }],
  ['grant_type=refresh_token&refresh_token=a&redirect_uri=x', { kind: 'malformed' }],
  ['grant_type=refresh_token&refresh_token=a&refresh_token=b', { kind: 'malformed' }],
  ['grant_type=authorization_code&redirect_uri=x', { kind: 'malformed' }],
  ['grant_type=authorization_code&code=c', { kind: 'malformed' }],
])('the form "%s" is judged', (body, judged) => {
  expect(judge(body)).toMatchObject(judged);
});

test.each(['', 'Bearer x', 'Basic', `Basic ${Buffer.from('key:wrong').toString('base64')}`, 'Basic !!!'])(
  'the authorization "%s" is wrong credentials',
  (wrong) => {
    expect(judge('grant_type=refresh_token&refresh_token=a', { authorization: wrong })).toEqual({
      kind: 'wrong_credentials',
    });
  },
);

test.each([
  ['application/json', 'malformed'],
  ['', 'malformed'],
  ['application/x-www-form-urlencoded-not', 'malformed'],
  ['application/x-www-form-urlencoded; charset=UTF-8', 'refresh'],
  ['Application/X-WWW-Form-Urlencoded', 'refresh'],
])('the content type "%s" is %s', (type, kind) => {
  expect(judge('grant_type=refresh_token&refresh_token=a', { contentType: type })).toMatchObject({ kind });
});
