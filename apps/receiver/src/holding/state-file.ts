/** Keeps the state file up to date, so that what is held survives a restart: in memory, and not on disk. */
import type { Log } from '@token-relay/daemon';
import { linkTarget, UntrustedPathError } from '@token-relay/paths';
import { removeStaleTemporaries } from '@token-relay/tokens';
import { existsSync, renameSync, statSync, writeFileSync } from 'node:fs';
import { rename, rm, stat, writeFile } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { errnoOf } from './errno.ts';
import { isInMemory, isInMemorySync } from './file-system.ts';
import { NewestWriter, type WriteOutcome, type WriterReport } from './newest-writer.ts';
import { MAX_STATE_BYTES, moveStrangerAside } from './read-state.ts';

export interface StateFileOptions {
  readonly path: string;
  /** whether nobody asked for this path: that it is on a disk is then no mistake */
  readonly isDefault: boolean;
  readonly log: Log;
  /** The text to write; asked for when it is written. On a disk it is asked for without the token. */
  readonly text: (withToken: boolean) => string;
}

const NEW_FILE = { flag: 'wx', mode: 0o600 } as const;

/**
 * The file is 0600 from birth and replaced in one step. It is not fsynced: it is for the next process, not for the next
 * boot. In memory it is written in one go, a fraction of a millisecond after the `OK`; on a disk, which may hang, in the
 * background.
 */
export class StateFile {
  readonly #options: StateFileOptions;
  readonly #writer: NewestWriter<undefined>;
  #isInMemory: boolean;
  #isTidied = false;
  #isFolderReady = false;
  #hasToldOfDisk = false;

  constructor(options: StateFileOptions) {
    const { path, log } = options;
    this.#options = options;
    this.#isInMemory = isKnownInMemory(path);
    this.#writer = new NewestWriter({
      write: () => this.#write(),
      onFailing: (reason) =>
        log.warn(
          `The state file ${path} cannot be written: ${reason}. Until it can be, a restart of the receiver loses the token`,
        ),
      onRecovered: () => log.info(`The state file ${path} is written again`),
    });
  }

  /**
   * Writes it for the first time, with what is held now; call it when the token socket is ours. If the place is no good,
   * that is known before there is a token to lose.
   */
  start(): void {
    this.changed();
  }

  /** Call it when there is something new to keep; it returns at once. */
  changed(): void {
    this.#writer.put(undefined);
  }

  report(): WriterReport {
    return this.#writer.report();
  }

  /** Writes what is not written yet; resolves within two seconds. */
  close(): Promise<void> {
    return this.#writer.close();
  }

  async #write(): Promise<WriteOutcome> {
    const { path, text } = this.#options;
    // The form of a save's temporary file in packages/tokens, so that what a kill leaves behind is found. Another one each
    // time: what could not be removed must not be in the way.
    const temporary = join(dirname(path), `.${basename(path)}.${randomHex()}${randomHex()}.tmp`);
    try {
      // At once where nothing can hang: a file system that is not known to be one in memory is asked in the background.
      this.#isInMemory = this.#isInMemory ? isInMemorySync(path) : await isInMemory(path);
      const content = Buffer.from(text(this.#isInMemory));
      if (content.length > MAX_STATE_BYTES) return failed(`it would have more than ${MAX_STATE_BYTES} bytes`);
      if (!this.#isTidied) {
        if (!this.#isFolderReady) await linkTarget(dirname(path));
        moveStrangerAside(path);
      }
      if (this.#isInMemory) {
        writeFileSync(temporary, content, NEW_FILE);
        if (statSync(temporary).size !== content.length) throw new ShortWriteError();
        renameSync(temporary, path);
      } else {
        this.#tellOfDisk();
        await writeFile(temporary, content, NEW_FILE);
        if ((await stat(temporary)).size !== content.length) throw new ShortWriteError();
        await rename(temporary, path);
      }
    } catch (error) {
      await rm(temporary, { force: true }).catch(() => {
        this.#isTidied = false;
        this.#isFolderReady = false;
      });
      const isPlain = error instanceof ShortWriteError || error instanceof UntrustedPathError;
      return failed(isPlain ? error.message : reasonOf(error, path));
    }
    if (!this.#isTidied && !this.#isFolderReady) await removeStaleTemporaries(path);
    this.#isTidied = true;
    return { kind: 'written' };
  }

  /**
   * Looks at the folder and tidies it, if it is in memory, where nothing hangs: so that the first token, too, is written right after its `OK`.
   * To be called when the sockets are ours. Never rejects.
   */
  async prepare(): Promise<void> {
    const { path } = this.#options;
    if (!this.#isInMemory) return;
    try {
      await linkTarget(dirname(path));
    } catch {
      // The first write will say what is wrong.
      return;
    }
    await removeStaleTemporaries(path);
    this.#isFolderReady = true;
  }

  #tellOfDisk(): void {
    if (this.#hasToldOfDisk) return;
    this.#hasToldOfDisk = true;
    const { path, isDefault, log } = this.#options;
    log[isDefault ? 'info' : 'warn'](
      `The state file ${path} is on a disk, so the token is not written to it: after a restart of the receiver the sender has to deliver it again. Name a file in memory (tmpfs) with state_file to keep it`,
    );
  }
}

/**
 * 8 digits, for a name in the form of a save's temporary file in packages/tokens, so that what a kill leaves behind is found. A name that exists is
 * refused (`wx`), so it need not be one that nobody can guess; node:crypto would be loaded for nothing else.
 */
function randomHex(): string {
  return Math.floor(Math.random() * 2 ** 32)
    .toString(16)
    .padStart(8, '0');
}

/** The system took less than it was told to, and said nothing. */
class ShortWriteError extends Error {
  constructor() {
    super('it was not written whole');
  }
}

/** A folder that is missing is missed, and said to be, when there is something to write. */
function isKnownInMemory(path: string): boolean {
  try {
    return isInMemorySync(path);
  } catch {
    return false;
  }
}

function failed(reason: string): WriteOutcome {
  return { kind: 'failed', reason };
}

function reasonOf(error: unknown, path: string): string {
  const errno = errnoOf(error);
  switch (errno) {
    case undefined:
      throw error;
    case 'ENOENT':
    case 'ENOTDIR':
      // There are folders that the system keeps for itself, as /proc.
      if (existsSync(dirname(path))) {
        return `no file can be made in ${dirname(path)} (${errno}); name a file in another folder`;
      }
      return `the folder ${dirname(path)} does not exist (${errno}); create it`;
    case 'EACCES':
    case 'EPERM':
    case 'EROFS':
      return `permission denied (${errno}); let this user write to ${dirname(path)}`;
    case 'ENOSPC':
    case 'EDQUOT':
      return `no space left (${errno}); free some space`;
    default:
      return `the system refused (${errno})`;
  }
}
