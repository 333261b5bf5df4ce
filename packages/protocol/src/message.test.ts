import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { formatTokenMessage, parseTokenMessage, type TokenMessage } from './message.ts';

const EXPIRES_AT = 1_762_984_855;

describe('parseTokenMessage', () => {
  test.each([
    ['an access token and an expiry', { access_token: 'I0.abc@', expires_at: EXPIRES_AT }, { accessToken: 'I0.abc@' }],
    [
      'a refresh token too',
      { access_token: 'a', refresh_token: 'r', expires_at: EXPIRES_AT },
      { accessToken: 'a', refreshToken: 'r' },
    ],
    [
      'a refresh token of null as none',
      { access_token: 'a', refresh_token: null, expires_at: EXPIRES_AT },
      { accessToken: 'a' },
    ],
    [
      'an empty refresh token as none',
      { access_token: 'a', refresh_token: '', expires_at: EXPIRES_AT },
      { accessToken: 'a' },
    ],
    ['every VSCHAR in a token', { access_token: ' ~"\\', expires_at: EXPIRES_AT }, { accessToken: ' ~"\\' }],
    [
      'members that it does not know',
      { access_token: 'a', expires_at: EXPIRES_AT, x: [1], __proto__: {} },
      { accessToken: 'a' },
    ],
  ])('takes %s', (_, value, expected) => {
    expect(parseTokenMessage(value)).toEqual({
      ok: true,
      message: { ...expected, expiresAtMs: EXPIRES_AT * 1000 },
      expiryNotation: 'seconds',
    });
  });

  test.each([
    ['seconds', EXPIRES_AT],
    ['seconds', EXPIRES_AT + 0.5],
    ['milliseconds', EXPIRES_AT * 1000],
    ['digits', String(EXPIRES_AT)],
    ['digits', String(EXPIRES_AT * 1000)],
    ['iso8601', '2025-11-12T22:00:55Z'],
    ['iso8601', '2025-11-12 22:00:55.000+00:00'],
  ])('takes an expiry in %s and says so: %j', (expiryNotation, expiresAt) => {
    expect(parseTokenMessage({ access_token: 'a', expires_at: expiresAt })).toEqual({
      ok: true,
      message: { accessToken: 'a', expiresAtMs: EXPIRES_AT * 1000 },
      expiryNotation,
    });
  });

  test('takes a token that expired long ago: readers are told, the sender is not refused', () => {
    expect(parseTokenMessage({ access_token: 'a', expires_at: 1 })).toMatchObject({
      ok: true,
      message: { expiresAtMs: 1000 },
    });
  });

  test.each([
    ['no access token', { expires_at: EXPIRES_AT }, /access_token/],
    ['an empty access token', { access_token: '', expires_at: EXPIRES_AT }, /access_token/],
    ['an access token that is a number', { access_token: 1, expires_at: EXPIRES_AT }, /access_token/],
    ['an access token of null', { access_token: null, expires_at: EXPIRES_AT }, /access_token/],
    ['a newline in the access token', { access_token: 'a\n', expires_at: EXPIRES_AT }, /access_token/],
    ['characters beyond ASCII', { access_token: 'tokén', expires_at: EXPIRES_AT }, /access_token/],
    [
      'a refresh token that is a number',
      { access_token: 'a', refresh_token: 7, expires_at: EXPIRES_AT },
      /refresh_token/,
    ],
    [
      'a control character in the refresh token',
      { access_token: 'a', refresh_token: '\t', expires_at: 1 },
      /refresh_token/,
    ],
    ['no expiry', { access_token: 'a' }, /expires_at/],
    ['an expiry of null', { access_token: 'a', expires_at: null }, /expires_at/],
    ['a negative expiry', { access_token: 'a', expires_at: -1 }, /expires_at/],
    ['an expiry beyond every calendar', { access_token: 'a', expires_at: 1e16 }, /expires_at/],
    ['an expiry in words', { access_token: 'a', expires_at: 'soon' }, /expires_at/],
    ['a day that does not exist', { access_token: 'a', expires_at: '2025-02-30' }, /expires_at/],
    ['a list', [], /JSON object/],
    ['null', null, /JSON object/],
    ['a string', 'a', /JSON object/],
  ])('refuses %s, and says what is wrong', (_, value, detail) => {
    expect(parseTokenMessage(value)).toEqual({ ok: false, detail: expect.stringMatching(detail) as string });
  });

  test('repeats no value in what it says', () => {
    const result = parseTokenMessage({
      access_token: 'made-up-secret\u0000',
      refresh_token: 5,
      expires_at: 'made-up-secret',
    });
    expect(JSON.stringify(result)).not.toContain('made-up-secret');
  });
});

const vschar = fc.string({
  unit: fc.integer({ min: 0x20, max: 0x7e }).map((code) => String.fromCharCode(code)),
  minLength: 1,
});

describe('formatTokenMessage', () => {
  const message: TokenMessage = { accessToken: 'access', refreshToken: 'refresh', expiresAtMs: 1_762_984_855_999 };

  test('writes whole seconds, no newline, and the refresh token only where it is wanted', () => {
    expect(formatTokenMessage(message, { format: 'json', includeRefreshToken: true })).toBe(
      '{"access_token":"access","refresh_token":"refresh","expires_at":1762984855}',
    );
    expect(formatTokenMessage(message, { format: 'json', includeRefreshToken: false })).toBe(
      '{"access_token":"access","expires_at":1762984855}',
    );
  });

  test('writes nothing but the access token as raw', () => {
    expect(formatTokenMessage(message, { format: 'raw', includeRefreshToken: true })).toBe('access');
  });

  test('refuses to write JSON that no receiver would take, and does not name the token', () => {
    const write = () =>
      formatTokenMessage({ accessToken: 'made-up-secret' }, { format: 'json', includeRefreshToken: true });
    expect(write).toThrow(RangeError);
    expect(write).not.toThrow(/made-up-secret/);
  });

  test('what it writes is read back as it was, to the second', () => {
    fc.assert(
      fc.property(vschar, vschar, fc.integer({ min: 0, max: 9e10 }), (accessToken, refreshToken, seconds) => {
        const written = { accessToken, refreshToken, expiresAtMs: seconds * 1000 };
        const text = formatTokenMessage(written, { format: 'json', includeRefreshToken: true });
        expect(parseTokenMessage(JSON.parse(text))).toEqual({ ok: true, message: written, expiryNotation: 'seconds' });
      }),
    );
  });
});
