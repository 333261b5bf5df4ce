import { expect, test } from 'vitest';
import { isLoopbackHost } from './loopback-host.ts';

test.each([
  '127.0.0.1',
  '127.0.0.1:9461',
  'localhost',
  'LocalHost:1',
  '127.1.2.3:80',
  '[::1]',
  '[::1]:9461',
  undefined,
])('the host %s is this machine', (host) => {
  expect(isLoopbackHost(host)).toBe(true);
});

test.each([
  '',
  'example.com',
  'example.com:9461',
  'localhost.example.com',
  '127.0.0.1.example.com',
  '127.0.0.1:9461.example.com',
  'example.com#127.0.0.1',
  '192.0.2.1:9461',
  '0.0.0.0:9461',
  '[2001:db8::1]:9461',
  'user@127.0.0.1',
])('the host "%s" is not', (host) => {
  expect(isLoopbackHost(host)).toBe(false);
});
