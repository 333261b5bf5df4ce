import { lstat, readlink, stat } from 'node:fs/promises';
import { dirname, isAbsolute, join } from 'node:path';
import { cwd } from 'node:process';
import { isTrustedUser, refusePlanted, UntrustedPathError } from './planted.ts';

/** As many as Linux follows (path_resolution(7)). */
const MOST_LINKS = 40;

/**
 * Where a path leads, through any links: the file to replace, so that a link to it stays a link. The file itself may be
 * missing; its folder may not. Every folder and link on the way is looked at, and refused:
 *
 * - if it is perhaps planted (see isPerhapsPlanted), because whoever made it can have it lead elsewhere at any time;
 * - if it is a link that neither this user nor root made, unless whoever made it owns what it leads to: otherwise whoever can
 *   write to a folder could have any file of ours replaced.
 *
 * A file at the end is not judged. `friend`: a user who is trusted beside root and this one.
 * @throws the errno error of lstat(2) or readlink(2), `ELOOP`; UntrustedPathError
 */
export async function linkTarget(path: string, friend?: number): Promise<string> {
  // Not joined, which would take `link/..` for nothing, where the kernel goes to what is above the link's target.
  const whole = isAbsolute(path) ? path : `${cwd()}/${path}`;
  return (await isPlain(whole, friend)) ? whole : follow(whole, friend);
}

/** All names at once, where following takes one after the other: a save keeps a new token waiting. Most paths are plain. */
async function isPlain(path: string, friend: number | undefined): Promise<boolean> {
  const names = namesIn(path);
  if (path !== `/${names.join('/')}` || names.includes('..')) return false;
  const all = names.map((_name, index) => lstat(`/${names.slice(0, index + 1).join('/')}`));
  const found = await Promise.all(all).catch(() => undefined);
  return (
    found?.every((stats) => !stats.isSymbolicLink() && (stats.isFile() || isTrustedUser(stats.uid, friend))) ?? false
  );
}

async function follow(path: string, friend: number | undefined): Promise<string> {
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
      if (isMissing(error) && waiting.length === 0) return undefined;
      throw error;
    });
    const isLink = stats?.isSymbolicLink() === true;
    const isJudged = stats !== undefined && (isLink || stats.isDirectory()) && !isTrustedUser(stats.uid, friend);
    if (isJudged) refusePlanted(next, stats, await stat(here), friend);
    if (!isLink) {
      here = next;
      continue;
    }
    links += 1;
    if (links > MOST_LINKS) throw Object.assign(new Error('too many links'), { code: 'ELOOP' });
    if (isJudged) foreign.push({ link: next, uid: stats.uid });
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
  if (stranger === undefined) return;
  const what = `${stranger.link} is a link that user ${stranger.uid} made to what is not theirs`;
  throw new UntrustedPathError(`${what}; remove it, or name the file that is meant`);
}

function isMissing(error: unknown): boolean {
  return error instanceof Error && 'code' in error && error.code === 'ENOENT';
}

function namesIn(path: string): string[] {
  return path.split('/').filter((name) => name !== '' && name !== '.');
}
