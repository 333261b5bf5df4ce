/** The token file: every form that is text, plain and encrypted, and the variables and key that tokens can come from. */
import {
  formatEnvironment,
  formatTokenText,
  tokenSetFromEnvironment,
  TokenError,
  type TokenSet,
} from '@token-relay/tokens';
import fc from 'fast-check';
import { encryptText } from '../../../packages/tokens/src/encryption.ts';
import type { TextFormat } from '../../../packages/tokens/src/formats/token-text.ts';
import { LARGEST_FILE_BYTES } from '../../../packages/tokens/src/read-regular-file.ts';
import { parseTokenFile, SOURCE_FILE } from '../../../packages/tokens/src/token-file.ts';
import { assertTokenSet } from '../../../packages/tokens/src/token-set.ts';
import { asBytes, bytesOf, objectText, timeValue, tokenText } from '../arbitraries.ts';
import { demandNoSecret, SECRET } from '../secrets.ts';
import { demand, type FuzzTarget } from '../target.ts';

/** Made up, and the same in every run: the corpus has files that are encrypted with it. */
export const KEY: Uint8Array = new Uint8Array(32).fill(0x42);
/** Seconds from here on would be read as milliseconds, and so they are not written. */
const LAST_WRITTEN_MS = 1e14 - 1_000;
const FORMATS: readonly TextFormat[] = ['schwab-py', 'flat', 'schwabdev-json'];

const members = {
  access_token: tokenText,
  refresh_token: tokenText,
  id_token: tokenText,
  token_type: fc.constantFrom('Bearer', null, 1),
  scope: fc.constantFrom('api', null, []),
  expires_in: fc.oneof(fc.constantFrom(1800, '1800', null, -1, 1e12, '', ' 5 '), fc.double()),
  expires_at: timeValue,
};
const inner = fc.oneof(
  { weight: 10, arbitrary: objectText(members) },
  { weight: 1, arbitrary: fc.constantFrom('null', '[]', '"x"') },
);

/** The outer members around an object whose text is given. */
function around(name: string, outer: Readonly<Record<string, fc.Arbitrary<unknown>>>): fc.Arbitrary<string> {
  return fc.tuple(objectText(outer), inner).map(([text, token]) => {
    const rest = text.startsWith('{') ? text.slice(1) : '}';
    return `{"${name}":${token}${/^\s*\}/.test(rest) ? '' : ','}${rest}`;
  });
}

const tokenFileText = fc.oneof(
  around('token', { creation_timestamp: timeValue }),
  around('token_dictionary', { access_token_issued: timeValue, refresh_token_issued: timeValue }),
  objectText(members),
);
const encrypted = fc.oneof(
  tokenFileText.map((text) => encryptText(text, KEY)),
  tokenFileText.map((text) => encryptText(text, new Uint8Array(32))),
  objectText({
    token_relay_encrypted: fc.constantFrom(1, 2, '1'),
    cipher: fc.constantFrom('aes-256-gcm', 'none'),
    key_id: fc.constantFrom('1b5b9ac4', '00000000', SECRET),
    iv: fc.constantFrom('AAAAAAAAAAAAAAAA', 'AAAA', ''),
    tag: fc.constantFrom('AAAAAAAAAAAAAAAAAAAAAA==', ''),
    data: fc.constantFrom('', 'AAAA', '===', SECRET),
  }),
);

/** Members that we do not know and keep: deep or many. */
const large = fc
  .tuple(
    fc.constantFrom('[', '{"a":', '1,', '[],', '"\u20ac",'),
    fc.integer({ min: 1, max: 100_000 }),
    fc.constantFrom('token', 'token_dictionary', 'x'),
  )
  .map(([unit, times, outer]) => {
    const value = unit.endsWith(',')
      ? `[${unit.repeat(times)}1]`
      : `${unit.repeat(times)}1${(unit === '[' ? ']' : '}').repeat(times)}`;
    return `{"${outer}":{"access_token":"${SECRET}","x":${value}},"access_token":"${SECRET}"}`;
  });

export const tokenFileInputs: fc.Arbitrary<Uint8Array> = fc.oneof(
  { weight: 300, arbitrary: asBytes(tokenFileText) },
  { weight: 100, arbitrary: asBytes(encrypted) },
  { weight: 1, arbitrary: large.map(bytesOf) },
);

export const TOKEN_FILE_WORDS: readonly string[] = [
  '"token":', '"token_dictionary":', '"creation_timestamp":', '"access_token":', '"refresh_token":', '"expires_at":', '"expires_in":', '"access_token_issued":',
  '"refresh_token_issued":', '"token_relay_encrypted":1', '"2026-03-02T15:00:00+00:00"', SECRET, 'enc:', '{', '}', '[', '"', 'null', '1e15', '__proto__',
]; // prettier-ignore

export const tokenTextTarget: FuzzTarget = {
  name: 'token-text',
  feeds: "the token file's forms (schwab-py, flat, Schwabdev's JSON, encrypted) and the SCHWAB_ variables",
  inputs: tokenFileInputs,
  dictionary: TOKEN_FILE_WORDS,
  runs: { long: 100_000, short: 2_000 },
  maxBytes: LARGEST_FILE_BYTES,
  isGuided: true,
  open: () => ({
    check(input) {
      const tokenSet = demandTokenSetOrError(() => parseTokenFile('tokens.json', input, KEY, SOURCE_FILE).tokenSet);
      if (tokenSet === undefined) return;
      checkTokenSet(tokenSet);
      for (const format of FORMATS) checkWritten(tokenSet, format);
      checkEnvironment(tokenSet);
    },
  }),
};

/** What was read, or undefined if it was refused in a documented way. */
function demandTokenSetOrError(read: () => TokenSet): TokenSet | undefined {
  try {
    return read();
  } catch (error) {
    if (!(error instanceof TokenError)) throw error;
    demandNoSecret(error, `the error ${error.code}`);
    return undefined;
  }
}

export function checkTokenSet(tokenSet: TokenSet): void {
  assertTokenSet(tokenSet);
  demand(
    tokenSet.accessToken !== undefined || tokenSet.refreshToken !== undefined,
    'schema',
    'a file without any token was accepted',
  );
}

/** What one form holds of a set is read again as the same, and is written the same the second time. */
function checkWritten(tokenSet: TokenSet, format: TextFormat): void {
  const text = formatTokenText(tokenSet, format);
  const bytes = Math.max(text.length, encryptText(text, KEY).length);
  demand(
    bytes <= LARGEST_FILE_BYTES,
    'round_trip',
    `${bytes} bytes are written as ${format}, and so many are not read`,
  );
  const reread = demandTokenSetOrError(
    () => parseTokenFile('tokens.json', bytesOf(text), undefined, SOURCE_FILE).tokenSet,
  );
  // Schwabdev's own mark of what is encrypted is refused in its form, and is a token like any other elsewhere.
  if (reread === undefined && format === 'schwabdev-json' && /"enc:/.test(text)) return;
  demand(reread !== undefined, 'round_trip', `what was written as ${format} cannot be read: ${text}`);
  const { accessToken, refreshToken } = tokenSet;
  demand(
    reread.accessToken === accessToken && reread.refreshToken === refreshToken,
    'round_trip',
    `what was written as ${format} has other tokens`,
  );
  const { loginAtMs } = tokenSet;
  if (format !== 'flat' && loginAtMs !== undefined && loginAtMs < LAST_WRITTEN_MS) {
    const lostMs = loginAtMs - (reread.loginAtMs ?? 0);
    demand(
      lostMs >= 0 && lostMs < 1_000,
      'round_trip',
      `the login time ${loginAtMs} is ${lostMs} ms earlier in ${format}`,
    );
  }
  if ((tokenSet.expiresAtMs ?? 0) > LAST_WRITTEN_MS) return;
  const again = formatTokenText(reread, format);
  demand(again === text, 'round_trip', `${format} is not written twice the same: ${text} became ${again}`);
}

function checkEnvironment(tokenSet: TokenSet): void {
  const text = formatEnvironment(tokenSet);
  const env = Object.fromEntries(
    text
      .split('\n')
      .filter((line) => line !== '')
      .map((line) => {
        const at = line.indexOf('=');
        const value = line.slice(at + 1);
        return [line.slice(0, at), value.startsWith('"') ? value.slice(1, -1).replaceAll(/\\([\s\S])/g, '$1') : value];
      }),
  );
  const reread = demandTokenSetOrError(() => tokenSetFromEnvironment(env) ?? {});
  // White space around a value is not the token's own there.
  demand(
    reread === undefined || reread.accessToken === (tokenSet.accessToken?.trim() || undefined),
    'round_trip',
    'the variables hold another access token',
  );
}
