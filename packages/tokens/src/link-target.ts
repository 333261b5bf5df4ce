import { readlink, realpath } from 'node:fs/promises';
import { basename, dirname, join, resolve } from 'node:path';
import { errnoOf } from './errors.ts';

/**
 * Where a path leads, through any links: the file to replace, so that a link to it stays a link. The file itself may be
 * missing; its folder may not.
 * @throws the errno error of realpath(3)
 */
export async function linkTarget(path: string): Promise<string> {
  try {
    return await realpath(path);
  } catch (error) {
    if (errnoOf(error) !== 'ENOENT') throw error;
  }
  const danglesTo = await readlink(path).catch(() => undefined);
  if (danglesTo !== undefined) return linkTarget(resolve(dirname(path), danglesTo));
  return join(await realpath(dirname(path)), basename(path));
}
