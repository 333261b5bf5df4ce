import { describe, expect, onTestFinished, test, vi } from 'vitest';
import { missingForSchwabdev, parseSchwabdev, schwabdevObject, schwabdevRow } from './schwabdev.ts';

const LOGIN_MS = Date.UTC(2025, 10, 12, 21, 30, 55);
const DICTIONARY = { access_token: 'a', refresh_token: 'r', id_token: 'i', expires_in: 1800, theirs: 1 };
const fileWith = (members: Record<string, unknown>, dictionary: Record<string, unknown> = {}): unknown => ({
  access_token_issued: '2025-11-13T08:00:00.123456+00:00',
  refresh_token_issued: '2025-11-12T21:30:55+00:00',
  token_dictionary: { ...DICTIONARY, ...dictionary },
  ...members,
});

test('the time of the refresh token is the login, and the lifetime counts from the access token', () => {
  const issuedAtMs = Date.UTC(2025, 10, 13, 8, 0, 0, 123);
  expect(parseSchwabdev(fileWith({ note: 'kept' }))).toEqual({
    ok: true,
    tokenSet: {
      accessToken: 'a',
      refreshToken: 'r',
      idToken: 'i',
      issuedAtMs,
      expiresAtMs: issuedAtMs + 1_800_000,
      loginAtMs: LOGIN_MS,
      otherMembers: { file: { note: 'kept' }, token: { theirs: 1 } },
    },
  });
});

test.each([
  ['with an offset', '2025-11-12T16:30:55-05:00'],
  ['without one', '2025-11-12T21:30:55'],
  ['without one, to the microsecond', '2025-11-12T21:30:55.000999'],
  ['with a space', '2025-11-12 21:30:55'],
])('a time %s is understood as Schwabdev does, in UTC', (_what, text) => {
  vi.stubEnv('TZ', 'America/New_York');
  onTestFinished(() => void vi.unstubAllEnvs());
  expect(parseSchwabdev(fileWith({ refresh_token_issued: text }))).toMatchObject({ tokenSet: { loginAtMs: LOGIN_MS } });
});

test.each([
  ['half an hour without expires_in', undefined, 1800],
  ['as long as a string says', '3600', 3600],
])('a token lives %s', (_what, expires_in, seconds) => {
  const parsed = parseSchwabdev(fileWith({ access_token_issued: '2025-11-13T08:00:00+00:00' }, { expires_in }));
  expect(parsed).toMatchObject({ tokenSet: { expiresAtMs: Date.UTC(2025, 10, 13, 8) + seconds * 1000 } });
});

test('without its times, the login and the expiry are unknown', () => {
  const parsed = parseSchwabdev({ token_dictionary: DICTIONARY });
  expect(parsed.ok && Object.keys(parsed.tokenSet)).toEqual(['accessToken', 'refreshToken', 'idToken', 'otherMembers']);
});

describe('what is written', () => {
  test('has times as Python writes them, which every Python reads', () => {
    expect(
      schwabdevObject({
        accessToken: 'a',
        expiresAtMs: LOGIN_MS + 1_800_000,
        issuedAtMs: LOGIN_MS,
        loginAtMs: LOGIN_MS,
      }),
    ).toEqual({
      access_token_issued: '2025-11-12T21:30:55.000+00:00',
      refresh_token_issued: '2025-11-12T21:30:55.000+00:00',
      token_dictionary: { access_token: 'a', expires_in: 1800 },
    });
    expect(schwabdevRow({ loginAtMs: 8.64e15 }).refresh_token_issued).toBe('9999-12-31T23:59:59.000+00:00');
  });

  test('gives a token of unknown age its expiry, and one of unknown expiry none that is still to come', () => {
    expect(schwabdevObject({ accessToken: 'a', expiresAtMs: LOGIN_MS })).toMatchObject({
      access_token_issued: '2025-11-12T21:00:55.000+00:00',
      token_dictionary: { expires_in: 1800 },
    });
    expect(schwabdevObject({ accessToken: 'a' })).toMatchObject({
      access_token_issued: '1970-01-01T00:00:00.000+00:00',
    });
  });

  test('never invents a login time', () => {
    expect(schwabdevObject({ accessToken: 'a' })).not.toHaveProperty('refresh_token_issued');
    expect(missingForSchwabdev({ accessToken: 'a', refreshToken: 'r' })).toEqual(['the time of the login']);
  });
});
