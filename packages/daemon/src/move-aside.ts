import { lstatSync, readlinkSync, renameSync } from 'node:fs';

/**
 * Makes room for the log's link: a file or a foreign link that has its name is renamed to `NAME.old`, or the first of
 * `NAME.old2`, `NAME.old3`… that is free. Throws for a folder.
 */
export function moveAside(path: string): void {
  const stats = lstatSync(path, { throwIfNoEntry: false });
  if (stats === undefined) return;
  if (stats.isDirectory()) throw new Error('it is a folder');
  // Our own link names a file beside it.
  if (stats.isSymbolicLink() && !readlinkSync(path).includes('/')) return;
  for (let number = 1; ; number++) {
    const aside = `${path}.old${number === 1 ? '' : number}`;
    if (lstatSync(aside, { throwIfNoEntry: false }) === undefined) {
      renameSync(path, aside);
      return;
    }
  }
}
