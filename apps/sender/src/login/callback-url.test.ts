import { expect, test } from 'vitest';
import { callbackAddress, listenProblem, parseCallback } from './callback-url.ts';
import { LoginError } from './login-error.ts';

function thrown(action: () => unknown): LoginError {
  try {
    action();
  } catch (error) {
    if (error instanceof LoginError) return error;
  }
  throw new Error('no LoginError');
}

test.each([
  ['missing', undefined, 'callback_missing'],
  ['no address', '127.0.0.1:8182', 'callback_not_a_url'],
  ['words', 'my callback', 'callback_not_a_url'],
  ['http', 'http://127.0.0.1:8182', 'callback_not_https'],
])('a callback that cannot work is refused with what to do: %s', (_what, callbackUrl, code) => {
  const error = thrown(() => parseCallback(callbackUrl));
  expect(error.code).toBe(code);
  expect(error.message).toMatch(/developer\.schwab\.com.*byte for byte/);
});

test.each([
  ['https://127.0.0.1:8182', '127.0.0.1', 8182],
  ['https://127.0.0.1', '127.0.0.1', 443],
  ['https://localhost:9000/path', '127.0.0.1', 9000],
  ['https://[::1]:9000', '::1', 9000],
  ['HTTPS://127.1.2.3:1', '127.1.2.3', 1],
])('the redirect is caught on this machine only: %s', (callbackUrl, host, port) => {
  expect(callbackAddress(parseCallback(callbackUrl))).toEqual({ host, port });
});

test.each(['https://example.com', 'https://192.168.1.5:8182', 'https://0.0.0.0:8182', 'https://127.0.0.1.example.com'])(
  'a callback of another machine is not listened for, and the words name pasting: %s',
  (callbackUrl) => {
    const error = thrown(() => callbackAddress(parseCallback(callbackUrl)));
    expect(error.code).toBe('callback_not_loopback');
    expect(error.message).toMatch(/--no-browser/);
  },
);

test.each([
  ['EADDRINUSE', 'callback_port_taken', /Port 443 .*in use by another program/],
  ['EACCES', 'callback_port_not_permitted', /Port 443 .*below 1024.*byte for byte/],
  ['EADDRNOTAVAIL', 'callback_not_available', /EADDRNOTAVAIL/],
  [undefined, 'callback_not_available', /unknown error/],
] as const)('a port that cannot be had is told of in words, with what to do: %s', (errno, code, words) => {
  const error = listenProblem(errno, { host: '127.0.0.1', port: 443 });
  expect(error.code).toBe(code);
  expect(error.message).toMatch(words);
  expect(error.message).toMatch(/--no-browser/);
});
