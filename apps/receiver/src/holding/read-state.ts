/** Reads the state file of an earlier process, which nobody else may have had a hand in. */
import type { Log } from '@token-relay/daemon';
import { closeSync, constants, fchmodSync, fstatSync, openSync, readFileSync, renameSync, type Stats } from 'node:fs';
import { errnoOf } from './errno.ts';
import { EMPTY_STATE, parseState, type HeldState } from './state-text.ts';

/** More than the longest history and token need. */
export const MAX_STATE_BYTES: number = 16 * 1024 * 1024;

/** Not through a link, and not to wait for a writer, if the path is a named pipe. */
const LOOK_ONLY = constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK;

/**
 * What an earlier process held; empty if there is no file. One that cannot be used is a WARN, and left where it is: until
 * the sockets are ours, it may be another receiver's. Never throws. The token may have expired meanwhile.
 * @param uid the user who runs this: a file of another one counts for nothing
 */
export function readState(path: string, { uid, log }: { readonly uid: number; readonly log: Log }): HeldState {
  const found = look(path, uid);
  switch (found.kind) {
    case 'missing':
      return EMPTY_STATE;
    case 'state':
      return found.state;
    case 'unusable':
      log.warn(
        `The state file ${path} ${found.problem}, and is not used: the receiver starts empty. It is moved to ${path}.old before a new one is written`,
      );
      return EMPTY_STATE;
  }
}

/**
 * Makes room for a state file: what is no state file is not destroyed, but renamed to `PATH.old`. It may hold a token, so a
 * file is made 0600 first.
 * @throws the errno error of rename(2)
 */
export function moveStrangerAside(path: string): void {
  if (look(path, undefined).kind !== 'unusable') return;
  shutOut(path);
  renameSync(path, `${path}.old`);
}

/** What this user may not open, or does not own, holds nothing of its own. */
function shutOut(path: string): void {
  let fd: number | undefined;
  try {
    fd = openSync(path, LOOK_ONLY);
    // A file that has other names may be somebody's who has nothing to do with this.
    const stats = fstatSync(fd);
    if (stats.isFile() && stats.nlink === 1) fchmodSync(fd, 0o600);
  } catch (error) {
    if (errnoOf(error) === undefined) throw error;
  } finally {
    if (fd !== undefined) closeSync(fd);
  }
}

type Found =
  | { readonly kind: 'missing' }
  | { readonly kind: 'state'; readonly state: HeldState }
  | { readonly kind: 'unusable'; readonly problem: string };

/** @param uid undefined: whoever it belongs to */
function look(path: string, uid: number | undefined): Found {
  let fd: number | undefined;
  try {
    fd = openSync(path, LOOK_ONLY);
    const problem = fileProblem(fstatSync(fd), uid);
    if (problem !== undefined) return { kind: 'unusable', problem };
    const state = parseState(readFileSync(fd, 'utf8'));
    if (state !== undefined) return { kind: 'state', state };
    return { kind: 'unusable', problem: 'is not what this version of token-receiver writes' };
  } catch (error) {
    const errno = errnoOf(error) ?? 'unknown error';
    // A folder that is missing is missed when the state is to be written.
    if (errno === 'ENOENT' || errno === 'ENOTDIR') return { kind: 'missing' };
    return { kind: 'unusable', problem: errno === 'ELOOP' ? 'is a link' : `cannot be read (${errno})` };
  } finally {
    if (fd !== undefined) closeSync(fd);
  }
}

function fileProblem(stats: Stats, uid: number | undefined): string | undefined {
  if (!stats.isFile()) return 'is not a regular file';
  if (uid !== undefined && stats.uid !== uid) return `belongs to user ${stats.uid}, not to this one (${uid})`;
  const mode = stats.mode & 0o777;
  if ((mode & 0o077) !== 0) return `can be read or written by others (mode ${mode.toString(8).padStart(4, '0')})`;
  return stats.size > MAX_STATE_BYTES ? `is too large (${stats.size} bytes)` : undefined;
}
