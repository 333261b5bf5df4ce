import fc from 'fast-check';
import { expect, test } from 'vitest';
import { HiddenSecrets } from './hidden-secrets.ts';

test('a secret shows as its stand-in, also where JSON or a URL writes it', () => {
  const secrets = new HiddenSecrets();
  secrets.add('made"up/sec=ret$&', '[1234abcd]');
  expect(secrets.hideIn('x made"up/sec=ret$& y')).toBe('x [1234abcd] y');
  expect(secrets.hideIn(JSON.stringify({ token: 'made"up/sec=ret$&' }))).toBe('{"token":"[1234abcd]"}');
  expect(secrets.hideIn(`a?t=${encodeURIComponent('made"up/sec=ret$&')}`)).toBe('a?t=[1234abcd]');
});

test('of more than 64 secrets the latest are hidden, and one that is named again is a late one', () => {
  const secrets = new HiddenSecrets();
  for (let number = 100; number < 164; number++) secrets.add(`secret-${number}`, '*');
  secrets.add('secret-100', '*');
  secrets.add('secret-200', '*');
  expect(secrets.hideIn('secret-100 secret-101 secret-102 secret-200')).toBe('* secret-101 * *');
});

test('a word too short to be a secret is left alone', () => {
  const secrets = new HiddenSecrets();
  secrets.add('', '*');
  secrets.add('token', '*');
  expect(secrets.hideIn('a token')).toBe('a token');
});

test('no printable secret survives, wherever it stands', () => {
  const printable = fc.string({ unit: 'grapheme-ascii', minLength: 8 });
  fc.assert(
    fc.property(printable, fc.string(), fc.string(), (secret, before, after) => {
      const secrets = new HiddenSecrets();
      secrets.add(secret, '');
      expect(secrets.hideIn(before + secret + after).length).toBeLessThanOrEqual(before.length + after.length);
    }),
  );
});
