import { randomBytes } from 'node:crypto';
import { lstat, open, readdir, rename, rm, type FileHandle } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { TokenError, errnoOf } from './errors.ts';
import { linkTarget } from '@token-relay/paths';
import { saveFailure } from './save-failure.ts';

export type SaveOptions = {
  /** Permission bits of the file, whatever the umask: 0o600. */
  readonly mode?: number;
  /** Owner, as an id; only root may give files away. Without it, the owner is this process. */
  readonly uid?: number;
  /** Group, as an id. */
  readonly gid?: number;
};

/** Temporary files that this process is writing just now. */
const inProgress = new Set<string>();
/** Files beside which this process has left nothing, as far as it knows, and removed what others left. */
const tidied = new Set<string>();

/**
 * Replaces a file by a new one with this text, in one step: a reader sees the old file or the new, whole. It resolves
 * when both the file and its name in the folder would survive a power cut. A link is followed, and stays a link. What a killed
 * save has left beside the file is removed by the next one.
 * @throws TokenError `token_save_failed`; the earlier file is then untouched, but for a failure to sync the folder
 */
export function saveAtomically(path: string, text: string, options: SaveOptions = {}): Promise<void> {
  const bytes = Buffer.from(text);
  const write: WriteContent = async (file) => {
    await file.writeFile(bytes);
    // What the system took for less than it was told must not take the place of a whole file.
    const { size } = await file.stat();
    if (size === bytes.length) return;
    const message = `could not save ${path}: ${size} of ${bytes.length} bytes were written; look at the disk`;
    throw new TokenError('token_save_failed', message);
  };
  return replaceAtomically(path, write, options);
}

/** Writes the content of a new file, through its handle or its path: empty and 0600 when it is called. */
export type WriteContent = (file: FileHandle, temporaryPath: string) => Promise<void>;

/** {@link saveAtomically} for content that is not a text. */
export async function replaceAtomically(path: string, write: WriteContent, options: SaveOptions = {}): Promise<void> {
  try {
    const target = await linkTarget(path);
    await refuseSpecialFile(target);
    if (!tidied.has(target)) await removeStaleTemporaries(target);
    tidied.add(target);
    const tookPlace = await replace(target, write, options);
    // Another process that starts just then may take our temporary file for that of a crash: once more, then.
    if (!tookPlace && !(await replace(target, write, options))) {
      throw new TokenError('token_save_failed', `could not save ${path}: its temporary file vanished twice; try again`);
    }
    await syncFolder(dirname(target));
  } catch (error) {
    throw error instanceof TokenError ? error : saveFailure(path, error);
  }
}

/** Removes what saves to this path left behind when their process was killed. Failures do not matter here. */
export async function removeStaleTemporaries(path: string): Promise<void> {
  const target = await linkTarget(path).catch(() => undefined);
  if (target === undefined) return;
  const folder = dirname(target);
  const prefix = `.${basename(target)}.`;
  for (const name of await readdir(folder).catch(() => [])) {
    if (!name.startsWith(prefix) || !/^[0-9a-f]{16}\.tmp$/.test(name.slice(prefix.length))) continue;
    const temporary = join(folder, name);
    if (!inProgress.has(temporary)) await rm(temporary, { force: true }).catch(() => undefined);
  }
}

/** Renaming over a device or a socket would destroy it, which root may do. */
async function refuseSpecialFile(target: string): Promise<void> {
  const stats = await lstat(target).catch((error: unknown) => {
    if (errnoOf(error) === 'ENOENT') return undefined;
    throw error;
  });
  if (stats === undefined || stats.isFile()) return;
  const what = stats.isDirectory() ? 'a folder; name a file in it' : 'not a regular file; name another';
  throw new TokenError('token_save_failed', `could not save ${target}: it is ${what}`);
}

/** Whether the new file took its place; false if the temporary file was gone when it was to be renamed. */
async function replace(target: string, write: WriteContent, options: SaveOptions): Promise<boolean> {
  const temporary = join(dirname(target), `.${basename(target)}.${randomBytes(8).toString('hex')}.tmp`);
  inProgress.add(temporary);
  try {
    const file = await open(temporary, 'wx', 0o600);
    try {
      await write(file, temporary);
      await complete(file, target, options);
    } finally {
      await file.close();
    }
    return await renamed(temporary, target);
  } catch (error) {
    // What cannot be removed now is removed by the next save.
    await rm(temporary, { force: true }).catch(() => tidied.delete(target));
    throw error;
  } finally {
    inProgress.delete(temporary);
  }
}

async function complete(file: FileHandle, path: string, { mode = 0o600, uid, gid }: SaveOptions): Promise<void> {
  // The owner first: bits for a group must not be given to the wrong one for a moment.
  // Not without need, because a sandboxed service may be killed for the call alone.
  const born = await file.stat();
  const owner = { uid: uid ?? born.uid, gid: gid ?? born.gid };
  if (owner.uid !== born.uid || owner.gid !== born.gid) await giveTo(owner, file, path);
  await file.chmod(mode);
  await file.sync();
}

async function giveTo({ uid, gid }: { uid: number; gid: number }, file: FileHandle, path: string): Promise<void> {
  try {
    await file.chown(uid, gid);
  } catch (cause) {
    const what = `this user may not give it to user ${uid} and group ${gid} (${errnoOf(cause) ?? 'unknown error'})`;
    const advice = 'only root may give files away, and a user only to a group of its own';
    throw new TokenError('token_save_failed', `could not save ${path}: ${what}; ${advice}`, { cause });
  }
}

async function renamed(temporary: string, target: string): Promise<boolean> {
  try {
    await rename(temporary, target);
    return true;
  } catch (error) {
    if (errnoOf(error) === 'ENOENT') return false;
    throw error;
  }
}

/** Makes a rename or removal in this folder survive a power cut, where the file system can. */
export async function syncFolder(folder: string): Promise<void> {
  const handle = await open(folder, 'r');
  try {
    await handle.sync();
  } catch (error) {
    if (errnoOf(error) !== 'EINVAL') throw error;
  } finally {
    await handle.close();
  }
}
