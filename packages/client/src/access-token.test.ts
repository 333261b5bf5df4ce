import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { readAccessToken } from './access-token.ts';

const BODY = {
  access_token: 'made-up-token',
  token_type: 'Bearer',
  expires_at: 1_900_000_000,
  expires_in: 1_800,
  generation: 7,
  received_at: 1_800_000_000,
};

describe('reading what the receiver hands out', () => {
  test('seconds become milliseconds, and members that are not known are left out', () => {
    expect(readAccessToken(JSON.stringify({ ...BODY, more: 1 }))).toEqual({
      accessToken: 'made-up-token',
      expiresAtMs: 1_900_000_000_000,
      generation: 7,
      receivedAtMs: 1_800_000_000_000,
    });
  });

  test('no expiry if it is unknown', () => {
    expect(readAccessToken(JSON.stringify({ ...BODY, expires_at: undefined }))).not.toHaveProperty('expiresAtMs');
  });

  test.each([
    ['no JSON', '{"access_token":"made-up'],
    ['null', 'null'],
    ['a list', '[]'],
    ['text', '"made-up-token"'],
    ['no token', JSON.stringify({ ...BODY, access_token: undefined })],
    ['an empty token', JSON.stringify({ ...BODY, access_token: '' })],
    ['a token that would end a header field', JSON.stringify({ ...BODY, access_token: 'made-up\r\nX-Evil: 1' })],
    ['a token beyond ASCII', JSON.stringify({ ...BODY, access_token: 'gemacht-für-Tests' })],
    ['an expiry that is text', JSON.stringify({ ...BODY, expires_at: '1900000000' })],
    ['a negative expiry', JSON.stringify({ ...BODY, expires_at: -1 })],
    ['an expiry beyond every number', JSON.stringify(BODY).replace('1900000000', '1e999')],
    ['an expiry that no Date can hold', JSON.stringify({ ...BODY, expires_at: 1e308 })],
    ['an arrival that no Date can hold', JSON.stringify({ ...BODY, received_at: 1e13 })],
    ['no generation', JSON.stringify({ ...BODY, generation: undefined })],
    ['no time of arrival', JSON.stringify({ ...BODY, received_at: undefined })],
  ])('%s is none', (_, json) => {
    expect(readAccessToken(json)).toBeUndefined();
  });

  test('never throws, whatever comes', () => {
    fc.assert(
      fc.property(fc.oneof(fc.string(), fc.json()), (json) => {
        expect(readAccessToken(json)).toBeUndefined();
      }),
    );
  });
});
