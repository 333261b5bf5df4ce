import { ConfigurationError } from '@token-relay/daemon';
import { expect, test } from 'vitest';
import * as z from 'zod/mini';
import { targetConfigs, targetsSchema, targetWarnings, type TargetSettings } from './target-settings.ts';

const configs = (targets: TargetSettings) => targetConfigs(targets, '/home/made-up');
const problem = (targets: TargetSettings) => {
  try {
    configs(targets);
  } catch (error) {
    if (error instanceof ConfigurationError) return error.message;
    throw error;
  }
  return 'none';
};

test('the owner of a socket is a user of this machine, by name or number; of nothing but a Unix socket', () => {
  expect(configs([{ name: 'bot', unix: '/tmp/b.sock', owner: 'root' }])).toMatchObject([{ socketOwner: 0 }]);
  expect(configs([{ name: 'bot', unix: '/tmp/b.sock', owner: 1234 }])).toMatchObject([{ socketOwner: 1234 }]);
  expect(problem([{ name: 'bot', unix: '/tmp/b.sock', owner: 'made-up' }])).toMatch(
    /no user "made-up" in \/etc\/passwd/,
  );
  expect(problem([{ name: 'bot', tcp: '127.0.0.1:1', owner: 'root' }])).toMatch(/"owner" is for a Unix socket/);
});

test('a target is JSON without the refresh token unless it says otherwise; a path is taken from the working folder', () => {
  expect(configs([{ name: 'bot', unix: 'run/bot.sock' }])).toEqual([
    {
      name: 'bot',
      address: { kind: 'unix', path: '/home/made-up/run/bot.sock' },
      format: 'json',
      includeRefreshToken: false,
    },
  ]);
  expect(configs([{ name: 'b', unix: '/tmp/b.sock', format: 'raw', include_refresh_token: true }])).toMatchObject([
    { address: { path: '/tmp/b.sock' }, format: 'raw', includeRefreshToken: true },
  ]);
});

test.each([
  ['127.0.0.1:9999', { kind: 'tcp', host: '127.0.0.1', port: 9_999 }],
  ['localhost:1', { kind: 'tcp', host: 'localhost', port: 1 }],
  ['[::1]:65535', { kind: 'tcp', host: '::1', port: 65_535 }],
])('a TCP address on loopback: %s', (tcp, address) => {
  expect(configs([{ name: 'bot', tcp }])[0]?.address).toEqual(address);
});

test('with certificates, any address will do, and they are taken from the working folder', () => {
  const tls = { cert: 'bot.crt', key: '/keys/bot.key', ca: 'ca.crt' };
  expect(configs([{ name: 'bot', tcp: '192.0.2.7:9999', tls }])).toMatchObject([
    {
      address: { kind: 'tls', host: '192.0.2.7', port: 9_999 },
      tls: { cert: '/home/made-up/bot.crt', key: '/keys/bot.key', ca: '/home/made-up/ca.crt' },
    },
  ]);
  expect(configs([{ name: 'bot', tcp: 'bot.example:1', tls: { ...tls, server_name: 'relay' } }])).toMatchObject([
    { address: { kind: 'tls', host: 'bot.example', port: 1 }, tls: { serverName: 'relay' } },
  ]);
  expect(configs([{ name: 'bot', tcp: '127.0.0.1:1', tls }])).toMatchObject([{ address: { kind: 'tls' } }]);
});

const tls = { cert: 'c', key: 'k', ca: 'a' };

test.each<[string, TargetSettings, RegExp]>([
  ['certificates for a Unix socket', [{ name: 'bot', unix: '/a', tls }], /"tls" goes with "tcp"/],
  ['port 0 over TLS', [{ name: 'bot', tcp: '192.0.2.7:0', tls }], /0 is not a TCP port/],
  ['no address', [{ name: 'bot' }], /target "bot" needs either "unix".* or "tcp"/],
  ['two addresses', [{ name: 'bot', unix: '/a', tcp: '127.0.0.1:1' }], /target "bot" needs either/],
  [
    'another machine',
    [{ name: 'bot', tcp: '192.0.2.7:9999' }],
    /192\.0\.2\.7 is not on loopback.*in the clear; add "tls" \(cert, key, ca\), or/,
  ],
  ['a name that is not loopback', [{ name: 'bot', tcp: 'example.com:9999' }], /example\.com is not on loopback/],
  ['port 0', [{ name: 'bot', tcp: '127.0.0.1:0' }], /0 is not a TCP port/],
  ['a port that is none', [{ name: 'bot', tcp: '127.0.0.1:65536' }], /65536 is not a TCP port/],
  ['a path that is too long', [{ name: 'bot', unix: `/${'é'.repeat(54)}` }], /longer than 107 bytes/],
  [
    'a name that is given twice',
    [
      { name: 'bot', unix: '/a' },
      { name: 'bot', unix: '/b' },
    ],
    /two targets are named "bot"/,
  ],
])('%s is refused in words', (_name, targets, words) => {
  expect(problem(targets)).toMatch(words);
});

test.each<[string, TargetSettings, RegExp[]]>([
  ['no target at all', [], [/^targets is an empty list: .*delivered to nobody$/]],
  [
    'one address twice',
    [
      { name: 'a', unix: '/made-up/run/../b.sock' },
      { name: 'b', tcp: '127.0.0.1:9999' },
      { name: 'c', unix: '/made-up/b.sock' },
    ],
    [/^the targets a, c have the same address unix:\/made-up\/b\.sock, which gets each token as often$/],
  ],
  ['one each', [{ name: 'a', unix: '/b.sock' }], []],
])('%s is allowed, with a warning where it is seldom meant', (_name, targets, warnings) => {
  expect(targetWarnings(configs(targets))).toEqual(warnings.map((words) => expect.stringMatching(words) as string));
});

test.each([
  ['an unknown member', [{ name: 'bot', unix: '/a', refresh: true }]],
  ['a name with a space', [{ name: 'my bot', unix: '/a' }]],
  ['an unknown format', [{ name: 'bot', unix: '/a', format: 'xml' }]],
  ['certificates without a key', [{ name: 'bot', tcp: '192.0.2.7:1', tls: { cert: 'c', ca: 'a' } }]],
  ['an unknown member among them', [{ name: 'bot', tcp: '192.0.2.7:1', tls: { ...tls, pfx: 'p' } }]],
  ['an address without a port', [{ name: 'bot', tcp: '127.0.0.1' }]],
  ['an empty path', [{ name: 'bot', unix: '' }]],
  ['no list', { name: 'bot', unix: '/a' }],
])('the schema refuses %s', (_name, value) => {
  expect(z.safeParse(targetsSchema, value).success).toBe(false);
});
