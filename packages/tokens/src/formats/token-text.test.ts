import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { TokenSet } from '../token-set.ts';
import { formatTokenText, lostIn, parseTokenText, type TextFormat } from './token-text.ts';

const OURS = new Set([
  'token',
  'creation_timestamp',
  'access_token',
  'refresh_token',
  'expires_at',
  'expires_in',
  'id_token',
  'token_type',
  'scope',
  'token_dictionary',
  'access_token_issued',
  'refresh_token_issued',
  '__proto__',
]);

const tokenText = fc.string({
  unit: fc.integer({ min: 0x20, max: 0x7e }).map((code) => String.fromCharCode(code)),
  minLength: 1,
});
const timeMs = fc.integer({ min: 1e8, max: 9e10 }).map((seconds) => seconds * 1000);
const unknown = fc
  .dictionary(
    fc.string().filter((name) => !OURS.has(name)),
    fc.jsonValue(),
  )
  .map((members) => JSON.parse(JSON.stringify(members)) as Record<string, unknown>);

/** Any set; with a lifetime rather than the time of issue, because that is what files have. */
function anyTokenSet(form: TextFormat): fc.Arbitrary<TokenSet> {
  const file = form === 'flat' ? fc.constant({}) : unknown;
  return fc
    .record(
      { refreshToken: tokenText, idToken: tokenText, tokenType: tokenText, scope: tokenText, loginAtMs: timeMs },
      { requiredKeys: [] },
    )
    .chain((optional) =>
      fc
        .record({
          accessToken: tokenText,
          expiresAtMs: timeMs,
          lifetime: fc.nat(86_400),
          otherMembers: fc.record({ file, token: unknown }),
        })
        .map(({ lifetime, ...members }) => ({
          ...optional,
          ...members,
          issuedAtMs: members.expiresAtMs - lifetime * 1000,
        })),
    );
}

describe('what is written is what is read', () => {
  test("in schwab-py's form, with unknown members at both levels", () => {
    fc.assert(
      fc.property(anyTokenSet('schwab-py'), (tokenSet) => {
        const parsed = parseTokenText(formatTokenText(tokenSet, 'schwab-py'));
        expect(parsed).toEqual({ ok: true, tokenSet, format: 'schwab-py' });
      }),
    );
  });

  test('in the flat form, but for the login time', () => {
    fc.assert(
      fc.property(anyTokenSet('flat'), ({ loginAtMs, ...tokenSet }) => {
        const parsed = parseTokenText(
          formatTokenText({ ...tokenSet, ...(loginAtMs !== undefined && { loginAtMs }) }, 'flat'),
        );
        expect(parsed).toEqual({ ok: true, tokenSet, format: 'flat' });
      }),
    );
  });

  test("in Schwabdev's JSON, with unknown members at both levels", () => {
    fc.assert(
      fc.property(anyTokenSet('schwabdev-json'), (tokenSet) => {
        const parsed = parseTokenText(formatTokenText(tokenSet, 'schwabdev-json'));
        expect(parsed).toEqual({ ok: true, tokenSet, format: 'schwabdev-json' });
      }),
    );
  });

  test('a file of another program is written again as it was', () => {
    const file = {
      creation_timestamp: 1_762_983_055,
      token: {
        expires_in: 1800,
        token_type: 'Bearer',
        scope: 'api',
        refresh_token: 'r',
        access_token: 'a',
        id_token: 'i',
        expires_at: 1_762_984_855,
        theirs: [1],
      },
      note: { by: 'hand' },
    };
    const parsed = parseTokenText(JSON.stringify(file));
    expect(parsed).toMatchObject({
      ok: true,
      tokenSet: { loginAtMs: 1_762_983_055_000, issuedAtMs: 1_762_983_055_000 },
    });
    if (parsed.ok) expect(JSON.parse(formatTokenText(parsed.tokenSet, 'schwab-py'))).toEqual(file);
  });
});

test('an unknown login time is not invented', () => {
  const parsed = parseTokenText('{"token":{"access_token":"a"}}');
  expect(parsed).toEqual({
    ok: true,
    format: 'schwab-py',
    tokenSet: { accessToken: 'a', otherMembers: { file: {}, token: {} } },
  });
  if (parsed.ok) expect(formatTokenText(parsed.tokenSet, 'schwab-py')).not.toContain('creation_timestamp');
});

test('times are written as integers, even when they were read as strings or fractions', () => {
  const parsed = parseTokenText(
    '{"creation_timestamp":1762983055.7,"token":{"access_token":"a","expires_at":"1762984855","expires_in":"1800"}}',
  );
  expect(parsed.ok && JSON.parse(formatTokenText(parsed.tokenSet, 'schwab-py'))).toEqual({
    creation_timestamp: 1_762_983_055,
    token: { access_token: 'a', expires_at: 1_762_984_855, expires_in: 1800 },
  });
});

test('the flat form has its expiry in ISO 8601', () => {
  const text = formatTokenText({ accessToken: 'a', refreshToken: 'r', expiresAtMs: 1_762_984_855_000 }, 'flat');
  expect(JSON.parse(text)).toEqual({ access_token: 'a', refresh_token: 'r', expires_at: '2025-11-12T22:00:55.000Z' });
});

test('a set that expires after the year 5138 is not written as one that expired in 1973', () => {
  const text = formatTokenText({ accessToken: 'a', expiresAtMs: Date.parse('9999-12-31T00:00:00Z') }, 'schwab-py');
  const parsed = parseTokenText(text);
  expect(parsed.ok && parsed.tokenSet.expiresAtMs).toBe((1e11 - 1) * 1000);
});

test('members that we know cannot be replaced through the unknown ones', () => {
  const otherMembers = { file: { token: 1, creation_timestamp: 1 }, token: { access_token: 'stale', expires_at: 1 } };
  expect(JSON.parse(formatTokenText({ accessToken: 'a', otherMembers }, 'schwab-py'))).toEqual({
    token: { access_token: 'a' },
  });
});

test('what the flat form loses is said', () => {
  const tokenSet = { accessToken: 'a', loginAtMs: 1, otherMembers: { file: { note: 1 }, token: { kept: 1 } } };
  expect(lostIn('flat', tokenSet)).toEqual([
    expect.stringContaining('creation_timestamp'),
    expect.stringContaining('note'),
  ]);
  expect(lostIn('schwab-py', tokenSet)).toEqual([]);
});

test('what would be taken for the mark of another form is left out of the flat form, and that is said', () => {
  const read = parseTokenText(
    '{"token_dictionary":{"access_token":"a","token":"","token_relay_encrypted":1,"more":2}}',
  );
  const tokenSet = read.ok ? read.tokenSet : {};
  const reread = parseTokenText(formatTokenText(tokenSet, 'flat'));
  expect(reread).toMatchObject({ ok: true, format: 'flat', tokenSet: { accessToken: 'a' } });
  expect(reread.ok && reread.tokenSet.otherMembers?.token).toEqual({ more: 2 });
  expect(lostIn('flat', tokenSet).map((lost) => lost.split(' ')[0])).toEqual(['token', 'token_relay_encrypted']);
});

test('an expiry after the year 9999 is written into the flat form as one that is read again', () => {
  const text = formatTokenText({ accessToken: 'a', expiresAtMs: 8.64e15 }, 'flat');
  expect(parseTokenText(text)).toMatchObject({
    ok: true,
    tokenSet: { expiresAtMs: Date.UTC(9999, 11, 31, 23, 59, 59) },
  });
});

test('a file that is large or deep in one form, and too much so in another, is refused in both', () => {
  for (const value of [`{"y":[${'[],'.repeat(22_000)}1]}`, `${'['.repeat(31)}${']'.repeat(31)}`]) {
    const flat = `{"access_token":"a","x":${value}}`;
    expect([flat, `{"token":${flat}}`].map((text) => parseTokenText(text).ok)).toEqual([false, false]);
  }
});

test.each([
  ['nested 33 deep', '['.repeat(33) + ']'.repeat(33), 'deeper'],
  ['nested deeper than the stack', '['.repeat(500_000) + ']'.repeat(500_000), 'deeper'],
  ['whose line breaks would make it larger than a file that is read', `[${'1,'.repeat(100_000)}1]`, 'more than'],
])('a file with an unknown member is refused, because it could not be saved and read again: %s', (_, value, words) => {
  const read = parseTokenText(`{"token":{"access_token":"a","x":${value}}}`);
  expect(read).toEqual({ ok: false, detail: expect.stringContaining(words) as string });
});

describe('a text that is no token file is refused in words, without being quoted', () => {
  test.each([
    ['', 'it is empty'],
    [' \n', 'it is empty'],
    ['{"token":{"access_token":"SECRET', 'not valid JSON'],
    ['SECRET', 'not valid JSON'],
    ['null', 'it must be an object'],
    ['["SECRET"]', 'it must be an object'],
    ['{}', 'neither an access_token nor a refresh_token'],
    ['{"access_token":"","refresh_token":null}', 'neither an access_token nor a refresh_token'],
    ['{"token":"SECRET"}', 'token must be an object'],
    ['{"token":{"access_token":5}}', 'token.access_token must be a string'],
    ['{"access_token":["SECRET"]}', 'access_token must be a string'],
    ['{"access_token":"SECRET\\n"}', 'access_token must be printable ASCII'],
    ['{"token":{"access_token":"SECRET","expires_at":"soon"}}', 'token.expires_at must be a time'],
    ['{"token":{"access_token":"SECRET","expires_at":-1}}', 'token.expires_at must be a time'],
    ['{"token":{"access_token":"SECRET","expires_in":"long"}}', 'token.expires_in must be a number of seconds'],
    ['{"creation_timestamp":true,"token":{"access_token":"SECRET"}}', 'creation_timestamp must be a time'],
    ['{"token":{"access_token":"SECRET","scope":7}}', 'token.scope must be a string'],
    ['{"token_dictionary":"SECRET"}', 'token_dictionary must be an object'],
    ['{"token_dictionary":{"access_token":["SECRET"]}}', 'token_dictionary.access_token must be a string'],
    [
      '{"refresh_token_issued":"soon","token_dictionary":{"access_token":"SECRET"}}',
      'refresh_token_issued must be a time',
    ],
    ['{"token_dictionary":{"refresh_token":"enc:SECRET"}}', "encrypted with Schwabdev's own key"],
  ])('%s', (text, detail) => {
    const parsed = parseTokenText(text);
    expect(parsed).toEqual({ ok: false, detail: expect.stringContaining(detail) as string });
    expect(JSON.stringify(parsed)).not.toContain('SECRET');
  });

  test('wherever a file is cut off', () => {
    const text = formatTokenText(
      { accessToken: 'SECRET', refreshToken: 'SECRET', expiresAtMs: 1e12 },
      'schwab-py',
    ).trimEnd();
    for (let length = 0; length < text.length; length += 1) {
      const parsed = parseTokenText(text.slice(0, length));
      expect(parsed.ok).toBe(false);
      expect(JSON.stringify(parsed)).not.toContain('SECRET');
    }
  });
});
