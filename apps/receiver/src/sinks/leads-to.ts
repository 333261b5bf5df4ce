/** Where paths lead. */
import { readlink, realpath } from 'node:fs/promises';
import { basename, dirname, join, resolve } from 'node:path';

/** As many as Linux follows (path_resolution(7)). */
const MOST_LINKS = 40;

/**
 * The file that a path leads to through all links, whether it is there or not; of links in a circle, one of them. What cannot
 * be looked at is taken as it is written. Never rejects.
 */
export async function leadsTo(path: string, linksLeft: number = MOST_LINKS): Promise<string> {
  const here = join(await realFolder(dirname(path)), basename(path));
  const link = linksLeft === 0 ? undefined : await readlink(here).catch(() => undefined);
  return link === undefined ? here : leadsTo(resolve(dirname(here), link), linksLeft - 1);
}

/** Of a folder that is missing, as much as is there. */
async function realFolder(folder: string): Promise<string> {
  try {
    return await realpath(folder);
  } catch {
    const parent = dirname(folder);
    return parent === folder ? folder : join(await realFolder(parent), basename(folder));
  }
}
