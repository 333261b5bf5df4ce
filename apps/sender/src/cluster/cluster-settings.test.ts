import { ConfigurationError } from '@token-relay/daemon';
import { hostname } from 'node:os';
import { expect, test } from 'vitest';
import * as z from 'zod/mini';
import { clusterConfig, clusterSchema } from './cluster-settings.ts';

type Settings = z.infer<typeof clusterSchema>;

const TIMEOUT_MS = 10_000;
const configOf = (settings: Settings) => clusterConfig(settings, '/etc/relay', TIMEOUT_MS);
const tls = { ca: 'ca.pem' };
const problemOf = (settings: Settings) => {
  try {
    configOf(settings);
  } catch (error) {
    if (error instanceof ConfigurationError) return `${error.code}: ${error.message}`;
    throw error;
  }
  return undefined;
};

test('servers alone are enough: the rest has defaults', () => {
  expect(configOf({ servers: ['localhost'] })).toEqual({
    servers: ['localhost:4222'],
    host: hostname().replaceAll(/[^\w-]/g, '-'),
    bucket: 'token_relay',
    replicas: 1,
    leaseLifeMs: 45_000,
    whenIsolated: 'leader',
    keys: undefined,
    tls: undefined,
    nkey: undefined,
    credentials: undefined,
  });
});

test('what is written is taken, and files are found beside the settings file', () => {
  const settings = clusterSchema.parse({
    servers: ['nats-1:4222'],
    host: 'alpha',
    bucket: 'desk',
    replicas: 5,
    lease: '30s',
    when_isolated: 'wait',
    keys: ['cluster.key', '/secret/old.key'],
    tls: { ca: 'ca.pem', cert: 'alpha.pem', key: 'alpha.key' },
    nkey: 'alpha.nk',
  });
  expect(configOf(settings)).toEqual({
    servers: ['nats-1:4222'],
    host: 'alpha',
    bucket: 'desk',
    replicas: 5,
    leaseLifeMs: 30_000,
    whenIsolated: 'wait',
    keys: ['/etc/relay/cluster.key', '/secret/old.key'],
    tls: { ca: '/etc/relay/ca.pem', cert: '/etc/relay/alpha.pem', key: '/etc/relay/alpha.key' },
    nkey: '/etc/relay/alpha.nk',
    credentials: undefined,
  });
  expect(configOf({ servers: ['nats-1'], tls, credentials: 'a.creds' }).credentials).toBe('/etc/relay/a.creds');
});

test.each([
  ['nats-1', 'nats-1:4222'],
  ['nats-1:7', 'nats-1:7'],
  ['10.0.0.7', '10.0.0.7:4222'],
  ['[2001:db8::7]', '[2001:db8::7]:4222'],
  ['[2001:db8::7]:7', '[2001:db8::7]:7'],
])('the server %s is %s', (written, server) => {
  expect(configOf({ servers: [written], tls }).servers).toEqual([server]);
});

test('three servers keep three copies, two keep one', () => {
  expect(configOf({ servers: ['a', 'b', 'c'], tls }).replicas).toBe(3);
  expect(configOf({ servers: ['a', 'b'], tls }).replicas).toBe(1);
  expect(configOf({ servers: ['a', 'b', 'c'], tls, replicas: 1 }).replicas).toBe(1);
});

test.each(['localhost', '127.0.0.1:4222', '127.8.8.8', '[::1]:4222', '[::1]'])('plain text may go to %s', (server) => {
  expect(problemOf({ servers: [server] })).toBeUndefined();
});

test.each(['nats-1:4222', '10.0.0.7', '[2001:db8::7]:4222', 'localhost.example', '0.0.0.0'])(
  'plain text may not go to %s, also if the other servers are on loopback',
  (server) => {
    expect(problemOf({ servers: ['localhost', server] })).toContain(`${server} is not on loopback`);
    expect(problemOf({ servers: ['localhost', server], tls })).toBeUndefined();
  },
);

test.each<[string, Settings]>([
  ['"cert" and "key" go together', { servers: ['a'], tls: { ca: 'ca.pem', cert: 'a.pem' } }],
  ['"cert" and "key" go together', { servers: ['a'], tls: { ca: 'ca.pem', key: 'a.key' } }],
  ['keep one', { servers: ['a'], tls, nkey: 'a.nk', credentials: 'a.creds' }],
  ['lease is not a duration', { servers: ['localhost'], lease: 'soon' }],
  ['lease "45" has no unit', { servers: ['localhost'], lease: '45' }],
  ['2 s longer than http_timeout (10 s)', { servers: ['localhost'], lease: '11999ms' }],
])('refused with a word on what to do: %s', (words, settings) => {
  const problem = problemOf(settings);
  expect(problem).toMatch(/^config_invalid: cluster: /);
  expect(problem).toContain(words);
});

test('a lease may be as short as the timeout and two seconds', () => {
  expect(configOf({ servers: ['localhost'], lease: '12s' }).leaseLifeMs).toBe(12_000);
});

test.each<[string, unknown]>([
  ['no servers', { servers: [] }],
  ['a server with a scheme', { servers: ['tls://nats-1:4222'] }],
  ['a server with a password', { servers: ['me:secret@nats-1'] }],
  ['a bare IPv6 address, whose port could not be told', { servers: ['::1'] }],
  ['a host name that no key can have', { servers: ['a'], host: 'al.pha' }],
  ['a bucket name with a path', { servers: ['a'], bucket: 'a/b' }],
  ['two replicas, which are less safe than one', { servers: ['a'], replicas: 2 }],
  ['no key in the list of keys', { servers: ['a'], keys: [] }],
  ['a setting that there is not', { servers: ['a'], leas: '45s' }],
])('%s: refused', (_, value) => {
  expect(z.safeParse(clusterSchema, value).success).toBe(false);
});
