import { expect, test } from 'vitest';
import { readHost, readLease, writeJson, type HostRecord } from './host-record.ts';

const bytes = (value: unknown) => new TextEncoder().encode(typeof value === 'string' ? value : JSON.stringify(value));
const bare: HostRecord = { host: 'alpha', version: '0.1.0', role: 'leader', state: 'healthy' };
const host: HostRecord = { ...bare, revision: 7, token_age_seconds: 12 };
const lease = { host: 'alpha', instance: '4711.1762983055000' };

test('what is written is read again', () => {
  expect(readHost(writeJson(host))).toEqual(host);
  expect(readLease(writeJson(lease))).toEqual(lease);
});

test('a host that holds no token yet says so by leaving it out', () => {
  expect(readHost(writeJson(bare))).toEqual(bare);
});

test('members of a later version are let pass', () => {
  expect(readHost(bytes({ ...host, later: true }))).toEqual(host);
  expect(readLease(bytes({ ...lease, later: true }))).toEqual(lease);
});

test.each([
  ['nothing', ''],
  ['no JSON', 'alpha'],
  ['another kind of JSON', '[]'],
  ['a name with what no key may have', { ...host, ...lease, host: 'al pha' }],
  ['a name without an end', { ...host, ...lease, host: 'a'.repeat(65) }],
  ['no name', { ...host, ...lease, host: '' }],
  ['more than a record may have', { ...host, ...lease, later: 'x'.repeat(9_000) }],
])('%s is neither a host nor a lease', (_, value) => {
  expect(readHost(bytes(value))).toBeUndefined();
  expect(readLease(bytes(value))).toBeUndefined();
});

test.each([
  ['a role that there is not', { ...host, role: 'king' }],
  ['a revision of nothing', { ...host, revision: 0 }],
  ['half a revision', { ...host, revision: 1.5 }],
  ['an age that is text', { ...host, token_age_seconds: '12' }],
  ['a version without an end', { ...host, version: 'x'.repeat(65) }],
])('a host with %s is none', (_, value) => {
  expect(readHost(bytes(value))).toBeUndefined();
});

test('a lease without its instance is none: two runs of one host could not be told apart', () => {
  expect(readLease(bytes({ host: 'alpha' }))).toBeUndefined();
  expect(readLease(bytes({ ...lease, instance: 'x'.repeat(65) }))).toBeUndefined();
});
