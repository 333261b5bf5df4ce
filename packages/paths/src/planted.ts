import type { Stats } from 'node:fs';
import { geteuid } from 'node:process';

/** Whom the kernel shows in a user namespace that does not know who it is (user_namespaces(7)): that may be anybody. */
const OVERFLOW_UID = 65_534;

/** What somebody else may have put in our way, to be given what we write or to have it put elsewhere. The message says what to do. */
export class UntrustedPathError extends Error {
  override readonly name = 'UntrustedPathError';
}

/** `friend`: a user who is trusted beside root and this one. */
export function isTrustedUser(uid: number, friend?: number): boolean {
  return uid === 0 || uid === geteuid?.() || uid === friend;
}

/**
 * Whether anyone may have put it there: it is a stranger's, in a folder that anyone may write to. Those of the folder's owner
 * are not strangers' things.
 *
 * This is the kernel's own rule for such folders (proc_sys_fs(5), protected_symlinks and protected_regular), with or without
 * the sticky bit. Where only the owner and a group may write, they vouch for what is there: the group may be a user's own
 * (umask 002) or one that the administrator made (`/var/log`), so OpenSSH's rule (no folder that a group may write to) would
 * refuse what is in order.
 */
export function isPerhapsPlanted(
  file: Pick<Stats, 'uid'>,
  folder: Pick<Stats, 'uid' | 'mode'>,
  friend?: number,
): boolean {
  if ((folder.mode & 0o002) === 0 || isTrustedUser(file.uid, friend)) return false;
  return file.uid !== folder.uid || file.uid === OVERFLOW_UID;
}

/** @throws UntrustedPathError if it is perhaps planted */
export function refusePlanted(
  path: string,
  file: Pick<Stats, 'uid'>,
  folder: Pick<Stats, 'uid' | 'mode'>,
  friend?: number,
): void {
  if (!isPerhapsPlanted(file, folder, friend)) return;
  const what = `${path} belongs to user ${file.uid}, in a folder that anyone may write to`;
  throw new UntrustedPathError(`${what}; remove it, or choose another path`);
}
