import { expect, test } from 'vitest';
import { connectionOptions } from './connection-options.ts';

test.each([
  ['10.0.0.1:4222', '10.0.0.1'],
  ['nats://[fd00::1]:4222', 'fd00::1'],
  ['nats.example:4222', 'nats.example'],
])('the certificate of %s has to be for it, whether that is a name or an address', (server, host) => {
  const { tls } = connectionOptions(server, {
    host: 'alpha',
    access: () => ({ tls: { ca: 'PEM' }, login: undefined }),
  });
  expect(tls).toEqual({ host, ca: 'PEM' });
});

test('without TLS settings, a server that asks for TLS has to be one that the machine trusts', () => {
  const access = () => ({ tls: undefined, login: undefined });
  expect(connectionOptions('127.0.0.1:4222', { host: 'alpha', access })).not.toHaveProperty('tls');
});
