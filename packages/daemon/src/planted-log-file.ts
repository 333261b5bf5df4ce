/** Log files that somebody else put in our way: to have us write into a file of others, read what we write, or wait for ever. */
import { isTrustedUser, linkTarget } from '@token-relay/paths';
import { existsSync, fstatSync, lstatSync, mkdirSync, readdirSync, statSync, type Stats } from 'node:fs';
import { basename, dirname, extname, join } from 'node:path';

/**
 * Makes a log's folder, but not where a stranger has it lead.
 * @throws UntrustedPathError; the errno error of mkdir(2)
 */
export async function makeLogFolder(folder: string): Promise<void> {
  let there = folder;
  while (!existsSync(there) && there !== dirname(there)) there = dirname(there);
  await linkTarget(there);
  mkdirSync(folder, { recursive: true });
}

/**
 * Refuses what is not a file of our own among the numbered files of a log, before one of them is opened.
 * @param path the log file's name as the user gave it: `logs/token_receiver.log` stands for `token_receiver.1.log` and so on
 * @throws Error, which says what to remove
 */
export function refusePlantedLogFiles(path: string): void {
  const folder = dirname(path);
  const extension = extname(path);
  const prefix = `${basename(path, extension)}.`;
  const middle = (name: string): string =>
    name.slice(prefix.length, extension === '' ? -'.log'.length : -extension.length);
  for (const name of readdirSync(folder)) {
    if (!name.startsWith(prefix) || !/^\d+$/.test(middle(name))) continue;
    const file = join(folder, name);
    refuse(file, lstatSync(file), statSync(folder));
  }
}

/**
 * The same for a file that has just been opened and not yet written to.
 * @throws Error, which says what to remove
 */
export function refusePlantedOpenFile(file: string, fd: number): void {
  const named = lstatSync(file);
  const opened = fstatSync(fd);
  refuse(file, named, statSync(dirname(file)));
  if (named.isSymbolicLink()) return;
  if (named.dev !== opened.dev || named.ino !== opened.ino) throw new Error(`${file} was exchanged`);
}

function refuse(file: string, stats: Stats, folder: Stats): void {
  if (stats.isSymbolicLink()) {
    if (isTrustedUser(stats.uid)) return;
    throw new Error(`${file} is a link of user ${stats.uid}; remove it`);
  }
  if (!stats.isFile()) throw new Error(`${file} is not a regular file; remove it`);
  if (!isTrustedUser(stats.uid) && stats.uid !== folder.uid)
    throw new Error(`${file} belongs to user ${stats.uid}; remove it`);
  if (stats.nlink !== 1 && isPerhapsLinked(stats, folder))
    throw new Error(`${file} is another file's name too; remove it`);
}

/**
 * Whether a stranger may have given a file of ours this second name, to have it written to. A backup may have made one too, and
 * must not stop the log: so not where only the owner and a group may write, unless the file is open to others, whom the kernel
 * lets link what they may write (proc_sys_fs(5), protected_hardlinks). Where anyone may write, the kernel may have been told
 * not to look.
 */
function isPerhapsLinked(file: Stats, folder: Stats): boolean {
  return (folder.mode & 0o002) !== 0 || (file.mode & 0o022) !== 0;
}
