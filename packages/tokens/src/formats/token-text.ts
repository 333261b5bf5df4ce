import * as z from 'zod/mini';
import type { TokenSet } from '../token-set.ts';
import { flatObject, lostInFlat, parseFlat } from './flat.ts';
import { parseSchwabPy, schwabPyObject } from './schwab-py.ts';

/** `schwab-py`: nested, integer seconds, with the login time. `flat`: one level, ISO 8601, without it. */
export type TokenFormat = 'schwab-py' | 'flat';

export type ParsedTokenText =
  | { readonly ok: true; readonly tokenSet: TokenSet; readonly format: TokenFormat }
  | { readonly ok: false; readonly detail: string };

const nested = z.looseObject({ token: z.unknown() });

/**
 * Reads a token file's text in either form, told apart by content: schwab-py's has a member `token`.
 * `detail` says what is wrong and holds no part of the text.
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
  const format = z.safeParse(nested, value).success ? 'schwab-py' : 'flat';
  const parsed = format === 'schwab-py' ? parseSchwabPy(value) : parseFlat(value);
  if (!parsed.ok) return parsed;
  const { accessToken, refreshToken } = parsed.tokenSet;
  if (accessToken === undefined && refreshToken === undefined) {
    return { ok: false, detail: 'it has neither an access_token nor a refresh_token' };
  }
  return { ok: true, tokenSet: parsed.tokenSet, format };
}

/** The text of a token file, ended by a newline. */
export function formatTokenText(tokenSet: TokenSet, format: TokenFormat): string {
  const value = format === 'schwab-py' ? schwabPyObject(tokenSet) : flatObject(tokenSet);
  return `${JSON.stringify(value, undefined, 2)}\n`;
}

/** What a format cannot hold of this set, in words; nothing is lost in schwab-py's. */
export function lostIn(format: TokenFormat, tokenSet: TokenSet): string[] {
  return format === 'flat' ? lostInFlat(tokenSet) : [];
}
