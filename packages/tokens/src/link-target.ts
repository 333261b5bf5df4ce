import { lstat, readlink, realpath, stat } from 'node:fs/promises';
import { basename, dirname, isAbsolute, join } from 'node:path';
import { cwd, geteuid } from 'node:process';
import { errnoOf } from './errors.ts';

/** As many as Linux follows (path_resolution(7)). */
const MOST_LINKS = 40;

/** A link that somebody else made, and that leads to what is not theirs: perhaps planted, to have a file replaced. */
export class ForeignLinkError extends Error {
  override readonly name = 'ForeignLinkError';

  constructor(link: string, uid: number) {
    super(`${link} is a link that user ${uid} made to what is not theirs; remove it, or name the file that is meant`);
  }
}

/**
 * Where a path leads, through any links: the file to replace, so that a link to it stays a link. The file itself may be
 * missing; its folder may not. A link is followed if this user or root made it, or whoever made it owns what it leads to:
 * otherwise whoever can write to a folder could have any file of ours replaced.
 * @throws the errno error of lstat(2) or readlink(2), `ELOOP`; ForeignLinkError
 */
export async function linkTarget(path: string): Promise<string> {
  const whole = isAbsolute(path) ? path : join(cwd(), path);
  return (await hasNoLinks(whole)) ? whole : follow(whole);
}

/** Two calls at once, where following takes one after the other for each name: a save keeps a new token waiting. */
async function hasNoLinks(path: string): Promise<boolean> {
  const [folder, file] = await Promise.allSettled([realpath(dirname(path)), lstat(path)]);
  return (
    folder.status === 'fulfilled' &&
    join(folder.value, basename(path)) === path &&
    file.status === 'fulfilled' &&
    !file.value.isSymbolicLink()
  );
}

async function follow(path: string): Promise<string> {
  const waiting = namesIn(path);
  const foreign: { readonly link: string; readonly uid: number }[] = [];
  let here = '/';
  for (let links = 0; ;) {
    const name = waiting.shift();
    if (name === undefined) break;
    if (name === '..') {
      here = dirname(here);
      continue;
    }
    const next = join(here, name);
    const stats = await lstat(next).catch((error: unknown) => {
      if (errnoOf(error) === 'ENOENT' && waiting.length === 0) return undefined;
      throw error;
    });
    if (stats?.isSymbolicLink() !== true) {
      here = next;
      continue;
    }
    links += 1;
    if (links > MOST_LINKS) throw Object.assign(new Error('too many links'), { code: 'ELOOP' });
    if (stats.uid !== 0 && stats.uid !== geteuid?.()) foreign.push({ link: next, uid: stats.uid });
    const text = await readlink(next);
    if (isAbsolute(text)) here = '/';
    waiting.unshift(...namesIn(text));
  }
  if (foreign.length > 0) await refuseForeign(foreign, here);
  return here;
}

/** What would be replaced has to belong to each who made a link to it; what is not there yet, its folder. */
async function refuseForeign(
  foreign: readonly { readonly link: string; readonly uid: number }[],
  target: string,
): Promise<void> {
  const { uid } = await lstat(target).catch(() => stat(dirname(target)));
  const stranger = foreign.find((made) => made.uid !== uid);
  if (stranger !== undefined) throw new ForeignLinkError(stranger.link, stranger.uid);
}

function namesIn(path: string): string[] {
  return path.split('/').filter((name) => name !== '' && name !== '.');
}
