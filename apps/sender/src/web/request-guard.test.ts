import { expect, test } from 'vitest';
import { guard, type GuardedRequest } from './request-guard.ts';

const port = 8_180;
const own = { host: `127.0.0.1:${port}`, origin: undefined, fetchSite: 'same-origin', fetchMode: 'cors' };
const get: GuardedRequest = { ...own, method: 'GET' };
const post: GuardedRequest = { ...own, method: 'POST', origin: `http://127.0.0.1:${port}`, fetchMode: 'navigate' };

test.each<[string, GuardedRequest]>([
  ['the page itself', get],
  ['a typed address', { ...get, fetchSite: 'none', fetchMode: 'navigate' }],
  ['a link on another site', { ...get, fetchSite: 'cross-site', fetchMode: 'navigate' }],
  ['a program that sends no Sec-Fetch fields', { ...get, fetchSite: undefined, fetchMode: undefined }],
  ['localhost', { ...get, host: `LocalHost:${port}` }],
  ['::1', { ...get, host: `[::1]:${port}` }],
  ['a form of the page', post],
  ['a form of the page at localhost', { ...post, host: `localhost:${port}`, origin: `http://localhost:${port}` }],
  ['a form sent by an older browser', { ...post, fetchSite: undefined, fetchMode: undefined }],
])('%s is allowed', (_name, request) => {
  expect(guard(request, port)).toEqual({ kind: 'allowed' });
});

test('without a port in the address, on port 80', () => {
  expect(guard({ ...get, host: '127.0.0.1' }, 80).kind).toBe('allowed');
  expect(guard({ ...get, host: '127.0.0.1' }, port).kind).toBe('refused');
});

test.each<[string, GuardedRequest]>([
  ['a name that was made to point here', { ...get, host: `evil.example:${port}` }],
  ['a name that begins like ours', { ...get, host: `127.0.0.1.evil.example:${port}` }],
  ['another port', { ...get, host: '127.0.0.1:1' }],
  ['no Host', { ...get, host: undefined }],
])('%s is refused with 421', (_name, request) => {
  expect(guard(request, port)).toMatchObject({ kind: 'refused', status: 421 });
});

test.each<[string, GuardedRequest]>([
  ['a form of another site', { ...post, origin: 'https://evil.example', fetchSite: 'cross-site' }],
  ['a form of another port of this machine', { ...post, origin: 'http://127.0.0.1:9', fetchSite: 'same-site' }],
  ['a form that hides where it is from', { ...post, origin: 'null' }],
  ['a form without Origin', { ...post, origin: undefined }],
  ['a form at localhost from the page at 127.0.0.1', { ...post, host: `localhost:${port}` }],
  ['a form whose Origin is right and whose Sec-Fetch-Site is not', { ...post, fetchSite: 'cross-site' }],
  ['an image on another site', { ...get, fetchSite: 'cross-site', fetchMode: 'no-cors' }],
  ['a script of another port of this machine', { ...get, fetchSite: 'same-site' }],
  ['a fetch by another site', { ...get, origin: 'https://evil.example', fetchSite: undefined }],
  ['another method from elsewhere', { ...get, method: 'DELETE' }],
])('%s is refused with 403', (_name, request) => {
  expect(guard(request, port)).toMatchObject({ kind: 'refused', status: 403 });
});
