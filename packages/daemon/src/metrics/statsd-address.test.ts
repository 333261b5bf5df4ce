import { expect, test } from 'vitest';
import { statsdSetting } from './statsd-address.ts';

const parse = (text: unknown) => statsdSetting().parseYaml(text, { cwd: '/' });

test.each([
  ['127.0.0.1:8125', { host: '127.0.0.1', port: 8125 }],
  ['statsd.example.com:1', { host: 'statsd.example.com', port: 1 }],
  ['localhost:65535', { host: 'localhost', port: 65_535 }],
  ['[::1]:8125', { host: '::1', port: 8125 }],
])('%s is an address', (text, address) => {
  expect(parse(text)).toEqual({ ok: true, value: address });
  expect(statsdSetting().parseText(text, { cwd: '/' })).toEqual({ ok: true, value: address });
});

test.each([
  ['127.0.0.1', /HOST:PORT/],
  [':8125', /HOST:PORT/],
  ['::1:8125', /HOST:PORT/],
  ['udp://127.0.0.1:8125', /HOST:PORT/],
  ['a b:8125', /HOST:PORT/],
  ['host:8125x', /HOST:PORT/],
  ['host:0', /from 1 to 65535/],
  ['host:65536', /from 1 to 65535/],
  ['', /empty/],
  [8125, /text/],
])('%j is not, and the complaint says what is', (text, problem) => {
  expect(parse(text)).toEqual({ ok: false, problem: expect.stringMatching(problem) as string });
});

test('it is off if it is not given', () => {
  expect(statsdSetting().fallback()).toBeUndefined();
});
