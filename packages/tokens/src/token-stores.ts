import { lstat, rm, stat } from 'node:fs/promises';
import { dirname } from 'node:path';
import { removeStaleTemporaries, saveAtomically, syncFolder } from './atomic-save.ts';
import { encryptText, ENCRYPTION_KEY_BYTES } from './encryption.ts';
import { TokenError, errnoOf, type TokenErrorCode } from './errors.ts';
import { formatTokenText, type TextFormat } from './formats/token-text.ts';
import { isPerhapsPlanted, linkTarget, UntrustedPathError } from '@token-relay/paths';
import { readTokenFile } from './token-file.ts';
import type { TokenSet } from './token-set.ts';

/** Where a manager keeps its set. Failures are TokenErrors. */
export type TokenStore = {
  /** The file, if it is one. */
  readonly path?: string;
  /** Resolves to undefined if nothing is stored. `evenIfOpen` reads a file that others can read, to look at it only. */
  read(options?: { evenIfOpen?: boolean }): Promise<TokenSet | undefined>;
  /** `isJustRead`: the store was read just before, `evenIfOpen`, and need not be looked at again. */
  write(tokenSet: TokenSet, options?: { isJustRead?: boolean }): Promise<void>;
  remove(): Promise<void>;
  /** Whether what was read or written last has another form than a save would give it now. */
  needsRewrite?(): boolean;
  /** What a save does to the text, if it encrypts it. */
  readonly encrypt?: (text: string) => string;
};

export type FileStoreOptions = {
  /** The form to write. Default: the form that the file has, and schwab-py's for a new file. */
  readonly format?: TextFormat;
  /** Encryption at rest: none. An encrypted file is then `token_file_encrypted`. */
  readonly encryption?: FileEncryption;
  /** Whether reading fails if others than the owner may read or write the file: true. */
  readonly refuseOpenFile?: boolean;
};

export type FileEncryption = {
  /** 32 bytes. A file of another key is `token_file_key_wrong`. */
  readonly key: Uint8Array;
  /** Whether saves encrypt. If not, an encrypted file is read all the same, and the next save makes it plain. */
  readonly write: boolean;
};

/** What these are said of is no broken file, and may be the only copy of a login. */
const NEVER_REPLACED: ReadonlySet<TokenErrorCode> = new Set([
  'token_file_encrypted',
  'token_file_key_wrong',
  'format_unsuitable',
]);

/**
 * Keeps the set in a file, 0600 and replaced in one step. The first read also removes what killed processes left of
 * their saves. A file that belongs to another user keeps its owner where the system allows it, and a new
 * one gets that of its folder, so that a command run as root does not lock the daemon out. A file that is encrypted with
 * another key, or is a database, is never overwritten.
 * @throws TokenError `key_file_invalid`, for a key that is not of 32 bytes
 */
export function fileStore(path: string, options: FileStoreOptions = {}): TokenStore {
  let tidied = false;
  let lastFormat: TextFormat = 'schwab-py';
  let lastForm: { format: TextFormat; isEncrypted: boolean } | undefined;
  /** Why what was read last must not be replaced; known if it was read however open it was. */
  let lastRefusal: TokenError | undefined;
  let isRefusalKnown = false;
  const { encryption } = options;
  if (encryption !== undefined && encryption.key.length !== ENCRYPTION_KEY_BYTES) {
    const message = `a key has ${ENCRYPTION_KEY_BYTES} bytes, and this one has ${encryption.key.length}: make a new one`;
    throw new TokenError('key_file_invalid', message);
  }
  const encrypt = encryption?.write === true ? (text: string) => encryptText(text, encryption.key) : undefined;

  async function found(refuseOpenFile: boolean): Promise<TokenSet | undefined> {
    isRefusalKnown = !refuseOpenFile;
    try {
      const file = await readTokenFile(path, { refuseOpenFile, encryptionKey: encryption?.key });
      lastForm = { format: file.format, isEncrypted: file.isEncrypted };
      lastFormat = file.format;
      lastRefusal = undefined;
      return file.tokenSet;
    } catch (error) {
      lastForm = undefined;
      lastRefusal = error instanceof TokenError && NEVER_REPLACED.has(error.code) ? error : undefined;
      if (error instanceof TokenError && error.code === 'token_not_found') return undefined;
      throw error;
    }
  }

  return {
    path,
    async read({ evenIfOpen = false } = {}) {
      if (!tidied) await removeStaleTemporaries(path);
      tidied = true;
      return found((options.refuseOpenFile ?? true) && !evenIfOpen);
    },
    async write(tokenSet, { isJustRead = false } = {}) {
      // Only for its form. A file that is broken is replaced: what is to be written is known to be good.
      if (!(isJustRead && isRefusalKnown)) await found(false).catch(() => undefined);
      isRefusalKnown = false;
      if (lastRefusal !== undefined) throw lastRefusal;
      const format = options.format ?? lastFormat;
      const text = formatTokenText(tokenSet, format);
      await saveKeepingOwner(path, encrypt === undefined ? text : encrypt(text));
      lastForm = { format, isEncrypted: encrypt !== undefined };
    },
    needsRewrite() {
      if (lastForm === undefined) return false;
      return (
        lastForm.isEncrypted !== (encrypt !== undefined) || lastForm.format !== (options.format ?? lastForm.format)
      );
    },
    ...(encrypt !== undefined && { encrypt }),
    async remove() {
      try {
        const target = await linkTarget(path);
        await rm(target, { force: true });
        await syncFolder(dirname(target));
      } catch (cause) {
        const errno = errnoOf(cause);
        if (errno === 'ENOENT') return;
        const why = cause instanceof UntrustedPathError ? cause.message : (errno ?? 'unknown error');
        const message = `could not remove ${path} (${why}): remove it by hand, it holds tokens`;
        throw new TokenError('token_clear_failed', message, { cause });
      }
    },
  };
}

async function saveKeepingOwner(path: string, text: string): Promise<void> {
  const owner = await ownerFor(path);
  if (owner === undefined) return saveAtomically(path, text);
  try {
    await saveAtomically(path, text, { uid: owner.uid, gid: owner.gid });
  } catch (error) {
    const errno = error instanceof TokenError ? errnoOf(error.cause) : undefined;
    if (errno !== 'EPERM' && errno !== 'EINVAL') throw error;
    await saveAtomically(path, text);
  }
}

async function ownerFor(path: string): Promise<{ uid: number; gid: number } | undefined> {
  try {
    const target = await linkTarget(path);
    const folder = await stat(dirname(target));
    const present = await lstat(target).catch(() => undefined);
    if (present === undefined) return folder;
    // Whoever puts a file of theirs where anyone may is not given the tokens.
    return isPerhapsPlanted(present, folder) ? undefined : present;
  } catch {
    // The save will say what is wrong with the folder.
    return undefined;
  }
}

/** Keeps the set for the life of the process. */
export function memoryStore(initial?: TokenSet): TokenStore {
  let stored = initial;
  return {
    read: () => Promise.resolve(stored),
    write: (tokenSet) => {
      stored = tokenSet;
      return Promise.resolve();
    },
    remove: () => {
      stored = undefined;
      return Promise.resolve();
    },
  };
}
