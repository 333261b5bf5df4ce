import { randomBytes } from 'node:crypto';
import { open, rm } from 'node:fs/promises';
import { basename, dirname, join, resolve, sep } from 'node:path';
import { syncFolder } from './atomic-save.ts';
import { ENCRYPTION_KEY_BYTES } from './encryption.ts';
import { TokenError, errnoOf } from './errors.ts';
import { linkTarget } from '@token-relay/paths';
import { readRegularFile } from './read-regular-file.ts';
import { saveFailure } from './save-failure.ts';

/**
 * Reads a key file: 64 hex digits, base64 of 32 bytes, or 32 raw bytes. It is refused if others can read it, unless it
 * is under `credentialsFolder`, systemd's `$CREDENTIALS_DIRECTORY`: that gives its files to the service's user by an access
 * list, which shows as a group permission though no group has it.
 * @throws TokenError `key_file_invalid`; nothing of the file's content is in the message
 */
export async function readEncryptionKey(
  path: string,
  options: { credentialsFolder?: string | undefined } = {},
): Promise<Uint8Array> {
  const file = await readRegularFile(path).catch((cause: unknown) => {
    throw unusable(path, whyUnreadable(errnoOf(cause)), cause);
  });
  if (file.kind === 'not_a_file') throw unusable(path, `it is ${file.what}; name the key file itself`);
  if (file.kind === 'too_large') throw unusable(path, `it has ${file.size} bytes, and a key has 32; name the key file`);
  if (file.openTo !== undefined && !isUnder(path, options.credentialsFolder)) {
    throw unusable(path, `others can get at it (mode ${file.openTo}): run chmod 600 ${path}`);
  }
  const key = parseKey(file.bytes);
  if (key === undefined) {
    throw unusable(path, 'it holds neither 64 hex digits, nor base64 of 32 bytes, nor 32 random bytes; make a new key');
  }
  return key;
}

/**
 * Makes a new key and its file, as 64 hex digits, 0600. It resolves when the file would survive a power cut: what is
 * encrypted under a key that is lost is lost with it.
 * @throws TokenError `file_exists`, `token_save_failed`
 */
export async function generateEncryptionKey(path: string): Promise<Uint8Array> {
  const key = randomBytes(ENCRYPTION_KEY_BYTES);
  const folder = await linkTarget(dirname(path)).catch((error: unknown) => {
    throw saveFailure(path, error);
  });
  const place = join(folder, basename(path));
  const file = await open(place, 'wx', 0o600).catch((error: unknown) => {
    if (errnoOf(error) !== 'EEXIST') throw saveFailure(path, error);
    throw new TokenError(
      'file_exists',
      `${path} exists, and a key is never overwritten: move it, or name another file`,
    );
  });
  try {
    try {
      await file.writeFile(`${key.toString('hex')}\n`);
      await file.chmod(0o600);
      await file.sync();
    } finally {
      await file.close();
    }
    await syncFolder(folder);
  } catch (error) {
    await rm(place, { force: true }).catch(() => undefined);
    throw saveFailure(path, error);
  }
  return key;
}

function parseKey(bytes: Uint8Array): Uint8Array | undefined {
  const text = Buffer.from(bytes).toString('latin1').trim();
  if (/^[0-9A-Fa-f]{64}$/.test(text)) return Buffer.from(text, 'hex');
  if (/^[A-Za-z0-9+/]{43}=?$|^[A-Za-z0-9_-]{43}=?$/.test(text)) return Buffer.from(text, 'base64');
  // 32 characters are a password, or half a key in hex: by chance, random bytes never look like that.
  return bytes.length === ENCRYPTION_KEY_BYTES && /[^\x20-\x7e]/.test(text) ? Uint8Array.from(bytes) : undefined;
}

function isUnder(path: string, folder: string | undefined): boolean {
  return folder !== undefined && resolve(path).startsWith(resolve(folder) + sep);
}

function whyUnreadable(errno: string | undefined): string {
  switch (errno ?? 'unknown error') {
    case 'ENOENT':
      return 'it does not exist; correct token_file_key, or make a new key';
    case 'EACCES':
    case 'EPERM':
      return `this user may not read it (${errno}); make this user its owner`;
    default:
      return `the system refused to read it (${errno ?? 'unknown error'})`;
  }
}

function unusable(path: string, reason: string, cause?: unknown): TokenError {
  return new TokenError('key_file_invalid', `the key file ${path} cannot be used: ${reason}`, { cause });
}
