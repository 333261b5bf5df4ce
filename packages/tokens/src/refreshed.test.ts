import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { parseTokenResponse, refreshed } from './refreshed.ts';

const NOW_MS = 1_762_983_055_789;
const answer = { accessToken: 'new', expiresInSeconds: 1800 };

describe('a refreshed set', () => {
  test('The login time never moves on a refresh', () => {
    const times = fc.option(fc.nat({ max: 2e12 }), { nil: undefined });
    fc.assert(
      fc.property(
        times,
        fc.nat({ max: 2e12 }),
        fc.option(fc.constant('r2'), { nil: undefined }),
        (login, nowMs, rotated) => {
          const current = { refreshToken: 'r1', ...(login !== undefined && { loginAtMs: login }) };
          const next = refreshed(
            current,
            { ...answer, ...(rotated !== undefined && { refreshToken: rotated }) },
            nowMs,
          );
          expect(next.loginAtMs).toBe(login);
        },
      ),
    );
  });

  test('the refresh token stays if none came, and is replaced by one that did', () => {
    expect(refreshed({ refreshToken: 'r1' }, answer, NOW_MS).refreshToken).toBe('r1');
    expect(refreshed({ refreshToken: 'r1' }, { ...answer, refreshToken: 'r2' }, NOW_MS).refreshToken).toBe('r2');
  });

  test('the id token is always the newest, and what we do not know is kept', () => {
    const otherMembers = { file: { note: 1 }, token: {} };
    const next = refreshed({ idToken: 'old', scope: 'api', otherMembers }, { ...answer, idToken: 'newer' }, NOW_MS);
    expect(next).toMatchObject({ idToken: 'newer', scope: 'api', otherMembers });
  });

  test('its times are whole seconds, counted from the request', () => {
    const next = refreshed({}, { ...answer, expiresInSeconds: 3600 }, NOW_MS);
    expect(next).toMatchObject({ issuedAtMs: 1_762_983_055_000, expiresAtMs: 1_762_986_655_000 });
  });
});

describe('the body of a token response', () => {
  test.each([
    [1800, 1800],
    [3600, 3600],
    ['1800', 1800],
    [1799.9, 1799],
    [undefined, 1800],
    [null, 1800],
    [0, 1800],
    [-5, 1800],
    ['soon', 1800],
    ['', 1800],
    [1e300, 315_360_000],
  ])('expires_in %j is a lifetime of %d s', (expires_in, expected) => {
    const parsed = parseTokenResponse({ access_token: 'a', expires_in });
    expect(parsed).toEqual({ ok: true, tokens: { accessToken: 'a', expiresInSeconds: expected } });
  });

  test('all that Schwab sends is read', () => {
    const body = {
      expires_in: 1800,
      token_type: 'Bearer',
      scope: 'api',
      refresh_token: 'r',
      access_token: 'I0.b@',
      id_token: 'i',
    };
    expect(parseTokenResponse(body)).toEqual({
      ok: true,
      tokens: {
        accessToken: 'I0.b@',
        expiresInSeconds: 1800,
        refreshToken: 'r',
        idToken: 'i',
        tokenType: 'Bearer',
        scope: 'api',
      },
    });
  });

  test('a member of the wrong type does not cost us the access token', () => {
    const parsed = parseTokenResponse({ access_token: 'a', refresh_token: '', scope: ['api'], id_token: null });
    expect(parsed).toEqual({ ok: true, tokens: { accessToken: 'a', expiresInSeconds: 1800 } });
  });

  test.each([
    [null],
    ['html'],
    [[]],
    [{}],
    [{ access_token: '' }],
    [{ access_token: 5 }],
    [{ access_token: 'secret\n' }],
    [{ access_token: 'a', refresh_token: 'secret\0' }],
  ])('is refused without being quoted: %j', (body) => {
    const parsed = parseTokenResponse(body);
    expect(parsed).toMatchObject({ ok: false, detail: expect.not.stringContaining('secret') as string });
  });
});
