import { expect, test } from 'vitest';
import { resolveOptions } from './options.ts';

test.each(['127.0.0.1', '127.8.9.1', '::1', 'localhost'])('%s is loopback', (host) => {
  expect(resolveOptions({ host }).host).toBe(host);
});

test.each(['0.0.0.0', '::', '192.168.1.2', '::ffff:10.0.0.1', 'example.com', ''])('%s is refused', (host) => {
  expect(() => resolveOptions({ host })).toThrow(expect.objectContaining({ code: 'not_loopback' }));
});

test.each([
  { accessTokenSeconds: 0 },
  { refreshTokenSeconds: 1.5 },
  { codeSeconds: Number.NaN },
  { port: 65_536 },
  { port: -1 },
  { callbackUrl: '127.0.0.1:8182' },
])('%j is refused', (options) => {
  expect(() => resolveOptions(options)).toThrow(expect.objectContaining({ code: 'bad_option' }));
});

test('the made-up credentials have the lengths of real ones', () => {
  const { appKey, appSecret } = resolveOptions({});
  expect([appKey.length, appSecret.length]).toEqual([32, 16]);
});
