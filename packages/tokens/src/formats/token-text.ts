import * as z from 'zod/mini';
import type { TokenSet } from '../token-set.ts';
import { flatObject, lostInFlat, parseFlat } from './flat.ts';
import { parseSchwabPy, schwabPyObject } from './schwab-py.ts';
import { lostInSchwabdevRow, missingForSchwabdev, parseSchwabdev, schwabdevObject } from './schwabdev.ts';
import type { Parsed } from './token-members.ts';

/** The forms that are text, which a store can keep up to date. */
export type TextFormat = 'schwab-py' | 'flat' | 'schwabdev-json';

/**
 * `schwab-py`: nested, integer seconds, with the login time. `flat`: one level, ISO 8601, without it. `schwabdev-json`:
 * Schwabdev's file of before 3.0. `schwabdev-db`: its SQLite database, which can be imported and exported only.
 */
export type TokenFormat = TextFormat | 'schwabdev-db';

export type ParsedTokenText =
  | { readonly ok: true; readonly tokenSet: TokenSet; readonly format: TextFormat }
  | { readonly ok: false; readonly detail: string };

/**
 * What is read has to be read again when it was saved, in whatever form: members that we do not know are written back with
 * line breaks and indented, which makes dozens of bytes of one, or more than the stack holds. With new tokens in it, and
 * encrypted, what is within this is within the size that is read.
 */
const MAX_DEPTH = 32;
const MAX_WRITTEN_BYTES = 256 * 1024;

const nested = z.looseObject({ token: z.unknown() });
const schwabdev = z.looseObject({ token_dictionary: z.unknown() });

/**
 * Reads a token file's text in any form, told apart by content: schwab-py's has a member `token`, Schwabdev's one
 * `token_dictionary`. `detail` says what is wrong and holds no part of the text.
 */
export function parseTokenText(text: string): ParsedTokenText {
  if (text.trim() === '') return { ok: false, detail: 'it is empty' };
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    // The parser's own message quotes the text, which is a secret.
    return { ok: false, detail: 'it is not valid JSON (cut off or edited by mistake?)' };
  }
  const format = formatOf(value);
  const parsed = PARSERS[format](value);
  if (!parsed.ok) return parsed;
  const { accessToken, refreshToken } = parsed.tokenSet;
  if (accessToken === undefined && refreshToken === undefined) {
    return { ok: false, detail: 'it has neither an access_token nor a refresh_token' };
  }
  if (isTooDeep(parsed.tokenSet.otherMembers, MAX_DEPTH))
    return { ok: false, detail: 'it is nested deeper than any token file' };
  if (largestText(parsed.tokenSet) > MAX_WRITTEN_BYTES) {
    return { ok: false, detail: 'it holds more than any token file' };
  }
  return { ok: true, tokenSet: parsed.tokenSet, format };
}

/** In bytes, of the forms that it can be saved in. */
function largestText(tokenSet: TokenSet): number {
  return Math.max(...FORMATS.map((format) => Buffer.byteLength(formatTokenText(tokenSet, format))));
}

function isTooDeep(value: unknown, levels: number): boolean {
  if (typeof value !== 'object' || value === null) return false;
  return levels === 0 || Object.values(value).some((member) => isTooDeep(member, levels - 1));
}

const PARSERS: Readonly<Record<TextFormat, (value: unknown) => Parsed>> = {
  'schwab-py': parseSchwabPy,
  flat: parseFlat,
  'schwabdev-json': (value) => parseSchwabdev(value),
};

function formatOf(value: unknown): TextFormat {
  if (z.safeParse(nested, value).success) return 'schwab-py';
  return z.safeParse(schwabdev, value).success ? 'schwabdev-json' : 'flat';
}

const FORMATS: readonly TextFormat[] = ['schwab-py', 'flat', 'schwabdev-json'];

const OBJECTS: Readonly<Record<TextFormat, (tokenSet: TokenSet) => Record<string, unknown>>> = {
  'schwab-py': schwabPyObject,
  flat: flatObject,
  'schwabdev-json': schwabdevObject,
};

/** The text of a token file, ended by a newline. */
export function formatTokenText(tokenSet: TokenSet, format: TextFormat): string {
  return `${JSON.stringify(OBJECTS[format](tokenSet), undefined, 2)}\n`;
}

/** What a format cannot hold of this set, in words; nothing is lost in schwab-py's. */
export function lostIn(format: TokenFormat, tokenSet: TokenSet): string[] {
  switch (format) {
    case 'schwab-py':
    case 'schwabdev-json':
      return [];
    case 'flat':
      return lostInFlat(tokenSet);
    case 'schwabdev-db':
      return lostInSchwabdevRow(tokenSet);
  }
}

/** What the program that reads this format cannot do without and the set lacks, in words. */
export function missingFor(format: TokenFormat, tokenSet: TokenSet): string[] {
  return format === 'schwabdev-json' || format === 'schwabdev-db' ? missingForSchwabdev(tokenSet) : [];
}
