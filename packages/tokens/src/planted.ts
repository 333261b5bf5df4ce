import type { Stats } from 'node:fs';
import { geteuid } from 'node:process';

/** Whether anyone may have put a file there to be given what we write: it is a stranger's, in a folder that anyone may write to. */
export function isPerhapsPlanted(file: Pick<Stats, 'uid'>, folder: Pick<Stats, 'uid' | 'mode'>): boolean {
  return (folder.mode & 0o002) !== 0 && file.uid !== folder.uid && file.uid !== 0 && file.uid !== geteuid?.();
}
