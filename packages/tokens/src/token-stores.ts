import { rm, stat } from 'node:fs/promises';
import { dirname } from 'node:path';
import { removeStaleTemporaries, saveAtomically, syncFolder } from './atomic-save.ts';
import { TokenError, errnoOf } from './errors.ts';
import { formatTokenText, type TokenFormat } from './formats/token-text.ts';
import { linkTarget } from './link-target.ts';
import { readTokenFile } from './token-file.ts';
import type { TokenSet } from './token-set.ts';

/** Where a manager keeps its set. Failures are TokenErrors. */
export type TokenStore = {
  /** The file, if it is one. */
  readonly path?: string;
  /** Resolves to undefined if nothing is stored. `evenIfOpen` reads a file that others can read, to look at it only. */
  read(options?: { evenIfOpen?: boolean }): Promise<TokenSet | undefined>;
  write(tokenSet: TokenSet): Promise<void>;
  remove(): Promise<void>;
};

export type FileStoreOptions = {
  /** The form to write. Default: the form that the file has, and schwab-py's for a new file. */
  readonly format?: TokenFormat;
  /** Whether reading fails if others than the owner may read or write the file: true. */
  readonly refuseOpenFile?: boolean;
};

/**
 * Keeps the set in a file, 0600 and replaced in one step. The first read also removes what killed processes left of
 * their saves. A file that belongs to another user keeps its owner where the system allows it, so that a command run as
 * root does not lock the daemon out.
 */
export function fileStore(path: string, options: FileStoreOptions = {}): TokenStore {
  let tidied = false;
  let lastFormat: TokenFormat = 'schwab-py';

  async function found(refuseOpenFile: boolean): Promise<TokenSet | undefined> {
    try {
      const { tokenSet, format } = await readTokenFile(path, { refuseOpenFile });
      lastFormat = format;
      return tokenSet;
    } catch (error) {
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
    async write(tokenSet) {
      // Only for its form. A file that cannot be read is replaced: what is to be written is known to be good.
      await found(false).catch(() => undefined);
      const text = formatTokenText(tokenSet, options.format ?? lastFormat);
      const owner = await stat(path).catch(() => undefined);
      if (owner === undefined) return saveAtomically(path, text);
      try {
        await saveAtomically(path, text, { uid: owner.uid, gid: owner.gid });
      } catch (error) {
        const errno = error instanceof TokenError ? errnoOf(error.cause) : undefined;
        if (errno !== 'EPERM' && errno !== 'EINVAL') throw error;
        await saveAtomically(path, text);
      }
    },
    async remove() {
      try {
        const target = await linkTarget(path);
        await rm(target, { force: true });
        await syncFolder(dirname(target));
      } catch (cause) {
        const errno = errnoOf(cause);
        if (errno === 'ENOENT') return;
        const message = `could not remove ${path} (${errno ?? 'unknown error'}): remove it by hand, it holds tokens`;
        throw new TokenError('token_clear_failed', message, { cause });
      }
    },
  };
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
