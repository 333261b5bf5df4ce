/** The folders of the daemons, on small disks in memory, and whose they are. */
import { execFileSync } from 'node:child_process';
import { chmodSync, chownSync, mkdirSync, readFileSync } from 'node:fs';
import type { FolderName } from './plan.ts';

/** An ordinary user, whom modes of files bind. In the user namespace of one who is not root there is no other user. */
export const NOBODY: number | undefined = isRoot() ? 65_534 : undefined;
/** Room for all files of all parts, and not for much more. */
const DISK = '2m';
/** As many files, folders, links and sockets. */
const NAMES = 256;

export function mountDisk(path: string): void {
  mkdirSync(path);
  execFileSync('mount', ['-t', 'tmpfs', '-o', `size=${DISK},nr_inodes=${NAMES},mode=0755`, 'tmpfs', path]);
  own(path);
}

/** user_namespaces(7): all ids are there, and not only that of whoever made the namespace. */
function isRoot(): boolean {
  return process.getuid?.() === 0 && readFileSync('/proc/self/uid_map', 'utf8').trim().endsWith(' 4294967295');
}

export function folderPath(name: FolderName): string {
  switch (name) {
    case 'run-a':
      return 'runtime/a/token-relay';
    case 'run-b':
    case 'run-sender':
      return `runtime/${name}`;
    case 'tokens':
    case 'sinks':
    case 'logs':
      return `disk/${name}`;
  }
}

export function makeFolder(path: string): void {
  mkdirSync(path, { recursive: true });
  chmodSync(path, 0o700);
  own(path);
}

export function own(path: string): void {
  if (NOBODY !== undefined) chownSync(path, NOBODY, NOBODY);
}
