import { decryptText } from './encryption.ts';
import { TokenError, errnoOf } from './errors.ts';
import { isDatabase } from './formats/is-database.ts';
import { parseTokenText, type TextFormat } from './formats/token-text.ts';
import { readRegularFile } from './read-regular-file.ts';
import type { TokenSet } from './token-set.ts';

export type TokenFile = {
  readonly tokenSet: TokenSet;
  readonly format: TextFormat;
  /** Whether the file is encrypted at rest. */
  readonly isEncrypted: boolean;
};

export type ReadTokenFileOptions = {
  /** Whether a file that others than its owner may read or write is an error: yes. */
  readonly refuseOpenFile?: boolean;
  /** 32 bytes, needed if the file is encrypted; a plain one is read all the same. */
  readonly encryptionKey?: Uint8Array | undefined;
};

/** What to do about a file that is of no use: another thing for the token file itself than for one to import. */
type Advice = {
  readonly missing: string;
  readonly unreadable: string;
  readonly invalid: string;
  readonly name: string;
};

const OWN_FILE: Advice = {
  missing: 'log in, or put a token file there',
  unreadable: 'make this user its owner',
  invalid: 'put a backup in its place, or log in again',
  name: 'name another',
};

/** For a file that was named to be imported. */
export const SOURCE_FILE: Advice = {
  missing: 'correct the path',
  unreadable: 'let this user read it',
  invalid: 'name another file',
  name: 'name another file',
};

/**
 * Reads a token file of any form but Schwabdev's database, through links.
 * @throws TokenError `token_not_found`, `token_file_unreadable`, `token_file_too_open`, `token_file_invalid`,
 *   `token_file_encrypted`, `token_file_key_wrong`; `format_unsuitable` for a database
 */
export async function readTokenFile(path: string, options: ReadTokenFileOptions = {}): Promise<TokenFile> {
  const { bytes, openTo } = await readTokenBytes(path, OWN_FILE);
  if ((options.refuseOpenFile ?? true) && openTo !== undefined) {
    throw new TokenError('token_file_too_open', `others can get at ${path} (mode ${openTo}): run chmod 600 ${path}`);
  }
  if (isDatabase(bytes)) {
    const advice = 'name another token file, and bring this one in with "tokens import"';
    throw new TokenError('format_unsuitable', `${path} is a database, which is not kept up to date here: ${advice}`);
  }
  return parseTokenFile(path, bytes, options.encryptionKey, OWN_FILE);
}

/**
 * The bytes of a file that should hold tokens.
 * @throws TokenError `token_not_found`, `token_file_unreadable`, `token_file_invalid` for a size that none has
 */
export async function readTokenBytes(
  path: string,
  advice: Advice,
): Promise<{ bytes: Uint8Array; openTo: string | undefined }> {
  const file = await readRegularFile(path).catch((error: unknown) => {
    throw readFailure(path, error, advice);
  });
  switch (file.kind) {
    case 'read':
      return file;
    case 'too_large':
      throw invalid(path, `it has ${file.size} bytes`, advice.name);
    case 'not_a_file':
      throw new TokenError('token_file_unreadable', `${path} is ${file.what}: name the token file itself`);
  }
}

/**
 * The tokens in a file's text, which may be encrypted.
 * @throws TokenError `token_file_invalid`, `token_file_encrypted`, `token_file_key_wrong`
 */
export function parseTokenFile(
  path: string,
  bytes: Uint8Array,
  encryptionKey: Uint8Array | undefined,
  whatNow: Advice,
): TokenFile {
  const text = textOf(path, bytes, whatNow);
  const decrypted = decryptText(text, encryptionKey);
  switch (decrypted.status) {
    case 'not_encrypted':
      return { ...parsedText(path, text, whatNow), isEncrypted: false };
    case 'decrypted':
      return { ...parsedText(path, decrypted.text, whatNow), isEncrypted: true };
    case 'damaged':
      throw invalid(path, 'it was encrypted, and has been damaged or altered since', whatNow.invalid);
    case 'no_key': {
      const advice = `set token_file_key to the file of the key ${decrypted.keyId}`;
      throw new TokenError('token_file_encrypted', `${path} is encrypted: ${advice}`);
    }
    case 'unknown_kind': {
      const advice = 'use the version that wrote it';
      throw new TokenError(
        'token_file_encrypted',
        `${path} is encrypted in a way that this version does not know: ${advice}`,
      );
    }
    case 'other_key': {
      const { keyId, ours } = decrypted;
      const message = `${path} is encrypted with the key ${keyId}, and token_file_key is ${ours}: set it to the file of ${keyId}`;
      throw new TokenError('token_file_key_wrong', message);
    }
  }
}

function parsedText(path: string, text: string, whatNow: Advice): { tokenSet: TokenSet; format: TextFormat } {
  const parsed = parseTokenText(text);
  if (!parsed.ok) throw invalid(path, parsed.detail, whatNow.invalid);
  return { tokenSet: parsed.tokenSet, format: parsed.format };
}

function textOf(path: string, bytes: Uint8Array, whatNow: Advice): string {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch {
    throw invalid(path, 'it is not UTF-8 text', whatNow.name);
  }
}

function invalid(path: string, detail: string, advice: string): TokenError {
  return new TokenError('token_file_invalid', `${path} is not a token file: ${detail}; ${advice}`);
}

function readFailure(path: string, cause: unknown, advice: Advice): TokenError {
  const errno = errnoOf(cause);
  switch (errno ?? 'unknown error') {
    case 'ENOENT':
      return new TokenError('token_not_found', `${path} does not exist: ${advice.missing}`, { cause });
    case 'EACCES':
    case 'EPERM':
      return unreadable(path, `this user may not read it (${errno}); ${advice.unreadable}`, cause);
    case 'ENOTDIR':
      return unreadable(path, 'a part of its path is not a folder (ENOTDIR); correct the path', cause);
    case 'ELOOP':
      return unreadable(path, 'its links lead in a circle (ELOOP); correct the path', cause);
    default:
      return unreadable(path, `the system refused (${errno ?? 'unknown error'})`, cause);
  }
}

function unreadable(path: string, reason: string, cause: unknown): TokenError {
  return new TokenError('token_file_unreadable', `could not read ${path}: ${reason}`, { cause });
}
