import { constants } from 'node:fs';
import { open, type FileHandle } from 'node:fs/promises';
import { TokenError, errnoOf } from './errors.ts';
import { parseTokenText, type TokenFormat } from './formats/token-text.ts';
import type { TokenSet } from './token-set.ts';

/** More than any token file has; what is larger is something else. */
const LARGEST_FILE_BYTES = 1024 * 1024;

export type TokenFile = { readonly tokenSet: TokenSet; readonly format: TokenFormat };

/**
 * Reads a token file of either form, through links.
 * @param options.refuseOpenFile whether a file that others than its owner may read or write is an error: yes
 * @throws TokenError `token_not_found`, `token_file_unreadable`, `token_file_too_open`, `token_file_invalid`
 */
export async function readTokenFile(path: string, options: { refuseOpenFile?: boolean } = {}): Promise<TokenFile> {
  try {
    // Not to wait for a writer, if the path is a named pipe.
    const file = await open(path, constants.O_RDONLY | constants.O_NONBLOCK);
    try {
      return await readOpened(path, file, options.refuseOpenFile ?? true);
    } finally {
      await file.close();
    }
  } catch (error) {
    throw error instanceof TokenError ? error : readFailure(path, error);
  }
}

async function readOpened(path: string, file: FileHandle, refuseOpenFile: boolean): Promise<TokenFile> {
  const { mode, size } = await file.stat();
  if ((mode & constants.S_IFMT) !== constants.S_IFREG) {
    const what = (mode & constants.S_IFMT) === constants.S_IFDIR ? 'a folder' : 'not a regular file';
    throw new TokenError('token_file_unreadable', `${path} is ${what}: name the token file itself`);
  }
  if (refuseOpenFile && (mode & 0o077) !== 0) {
    const octal = (mode & 0o777).toString(8).padStart(4, '0');
    throw new TokenError('token_file_too_open', `others can get at ${path} (mode ${octal}): run chmod 600 ${path}`);
  }
  const parsed = parseTokenText(await readText(path, file, size));
  if (!parsed.ok) {
    const advice = 'put a backup in its place, or log in again';
    throw new TokenError('token_file_invalid', `${path} is not a token file: ${parsed.detail}; ${advice}`);
  }
  return { tokenSet: parsed.tokenSet, format: parsed.format };
}

async function readText(path: string, file: FileHandle, size: number): Promise<string> {
  if (size > LARGEST_FILE_BYTES) {
    throw new TokenError('token_file_invalid', `${path} is not a token file: it has ${size} bytes; name another`);
  }
  const bytes = Buffer.alloc(size);
  let length = 0;
  while (length < size) {
    const { bytesRead } = await file.read(bytes, length, size - length);
    if (bytesRead === 0) break;
    length += bytesRead;
  }
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes.subarray(0, length));
  } catch {
    throw new TokenError('token_file_invalid', `${path} is not a token file: it is not UTF-8 text; name another`);
  }
}

function readFailure(path: string, cause: unknown): TokenError {
  const errno = errnoOf(cause);
  switch (errno ?? 'unknown error') {
    case 'ENOENT':
      return new TokenError('token_not_found', `${path} does not exist: log in, or put a token file there`, { cause });
    case 'EACCES':
    case 'EPERM':
      return unreadable(path, `this user may not read it (${errno}); make this user its owner`, cause);
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
