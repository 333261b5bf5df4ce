import { expect, test } from 'vitest';
import { authorizeUrl, newState } from './authorize-url.ts';
import { loginRequest } from './login-request.ts';

test.each(['https://127.0.0.1:8182', 'https://127.0.0.1:8182/', 'HTTPS://127.0.0.1:8182/a b?c=d&e'])(
  'the callback goes to Schwab byte for byte, in the address and in the form: %s',
  (callbackUrl) => {
    const address = authorizeUrl({
      endpoint: 'https://example.com/authorize',
      appKey: 'key',
      callbackUrl,
      state: 's&t',
    });
    expect(Object.fromEntries(new URL(address).searchParams)).toEqual({
      response_type: 'code',
      client_id: 'key',
      redirect_uri: callbackUrl,
      state: 's&t',
    });
    const { body } = loginRequest(
      'https://example.com/token',
      { appKey: 'k', appSecret: 's' },
      { code: 'c@', callbackUrl },
    );
    expect([...new URLSearchParams(body)]).toEqual([
      ['grant_type', 'authorization_code'],
      ['code', 'c@'],
      ['redirect_uri', callbackUrl],
    ]);
    expect(body).toContain('code=c%40&');
  },
);

test('the endpoint keeps a query of its own', () => {
  const address = authorizeUrl({
    endpoint: 'https://example.com/a?x=1',
    appKey: 'k',
    callbackUrl: 'https://b',
    state: 's',
  });
  expect(new URL(address).searchParams.get('x')).toBe('1');
});

test('a state is 128 random bits, in characters that need no encoding', () => {
  const asked: number[] = [];
  const state = newState((bytes) => {
    asked.push(bytes);
    return new Uint8Array(bytes).fill(255);
  });
  expect(asked).toEqual([16]);
  expect(state).toMatch(/^[\w-]{22}$/);
});
