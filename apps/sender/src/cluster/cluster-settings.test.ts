import { describe, expect, test } from 'vitest';
import * as z from 'zod/mini';
import { clusterConfig, clusterSchema } from './cluster-settings.ts';

const HTTP_TIMEOUT_MS = 30_000;
const read = (settings: unknown) => clusterConfig(z.parse(clusterSchema, settings), '/srv', HTTP_TIMEOUT_MS);
const TLS = { ca: 'ca.crt' };

describe('what would send a secret in the clear, or could not work, is refused', () => {
  test.each([
    [{ servers: ['10.0.0.7:4222'] }, /^cluster: 10\.0\.0\.7:4222 is not on loopback, .*add "tls"/],
    [{ servers: ['127.0.0.1', 'nats-1.example'] }, /^cluster: nats-1\.example is not on loopback/],
    [{ servers: ['[fd00::7]:4222'] }, /is not on loopback/],
    [{ servers: ['127.0.0.1.example:4222'] }, /is not on loopback/],
    [{ servers: ['127.0.0.1'], tls: { ...TLS, cert: 'a.crt' } }, /"cert" and "key" go together/],
    [{ servers: ['127.0.0.1'], nkey: 'a', credentials: 'b' }, /"nkey" and "credentials" .*keep one/],
    [{ servers: ['127.0.0.1'], lease: '31s' }, /lease has to be at least 2 s longer than http_timeout \(30 s\)/],
    [{ servers: ['127.0.0.1'], lease: 'soon' }, /^cluster: lease /],
  ])('%j', (settings, words) => {
    expect(() => read(settings)).toThrow(words);
  });

  test.each([
    { servers: [] },
    { servers: ['nats://user:password@127.0.0.1'] },
    { servers: ['127.0.0.1'], host: 'two words' },
    { servers: ['127.0.0.1'], bucket: 'a.b' },
    { servers: ['127.0.0.1'], replicas: 2 },
    { servers: ['127.0.0.1'], pasword: 'x' },
    { servers: ['127.0.0.1'], tls: { ...TLS, verify: false } },
  ])('%j', (settings) => {
    expect(z.safeParse(clusterSchema, settings).success).toBe(false);
  });
});

test('plain text is for loopback, TLS for everywhere', () => {
  for (const servers of [['127.0.0.1'], ['[::1]:4222'], ['localhost:4333']])
    expect(read({ servers }).tls).toBe(undefined);
  expect(read({ servers: ['nats-1.example'], tls: TLS })).toMatchObject({
    servers: ['nats-1.example:4222'],
    tls: { ca: '/srv/ca.crt' },
  });
});
