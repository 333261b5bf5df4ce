import { expect, test } from 'vitest';
import { connectionOptions } from './connection-options.ts';

test.each([
  ['10.0.0.1:4222', '10.0.0.1'],
  ['nats://[fd00::1]:4222', 'fd00::1'],
  ['nats.example:4222', 'nats.example'],
])('the certificate of %s has to be for it, whether that is a name or an address', (server, host) => {
  const { tls } = connectionOptions(server, { host: 'alpha', tls: { ca: 'PEM' }, login: undefined });
  expect(tls).toEqual({ host, ca: 'PEM' });
});

test('without TLS there is none, whatever the server says', () => {
  expect(connectionOptions('127.0.0.1:4222', { host: 'alpha', tls: undefined, login: undefined }).tls).toBeNull();
});
