/** Why a file cannot be saved. */
import { saveAtomically, TokenError, type SaveOptions } from '@token-relay/tokens';
import { randomBytes } from 'node:crypto';
import { readlink, rm, stat } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { errnoOf } from '../holding/errno.ts';
import { leadsTo } from './leads-to.ts';

/**
 * Saves an empty file in a folder, and removes it. Returns what stood in the way, in the words of a failed save.
 * @param path the file that is meant, for the words
 * @param folder where it would be saved
 */
export async function saveObstacle(path: string, folder: string, options: SaveOptions): Promise<string | undefined> {
  const trial = join(folder, `.${randomBytes(8).toString('hex')}.tmp`);
  try {
    await saveAtomically(trial, '', options);
    return undefined;
  } catch (error) {
    if (!(error instanceof TokenError)) throw error;
    return (await saveProblem(path, error)).replaceAll(trial, path);
  } finally {
    await rm(trial, { force: true }).catch(() => undefined);
  }
}

/** Why a save to a path failed, for people. That something is missing (ENOENT) has other reasons than a missing folder. */
export async function saveProblem(path: string, error: TokenError): Promise<string> {
  if (errnoOf(error.cause) !== 'ENOENT') return error.message;
  const reason = (await deadLink(path)) ?? (await unwritable(path));
  return reason === undefined ? error.message : `could not save ${path}: ${reason}`;
}

async function deadLink(path: string): Promise<string | undefined> {
  for (let at = path; at !== dirname(at); at = dirname(at)) {
    const link = await readlink(at).catch(() => undefined);
    if (link === undefined || (await exists(at))) continue;
    if (at !== path) return `its folder ${at} is a link to ${link}, which does not exist (ENOENT); create that folder`;
    const target = await leadsTo(path);
    if (await exists(dirname(target))) return undefined;
    return `it is a link to ${target}, and the folder ${dirname(target)} does not exist (ENOENT); create that folder, or remove the link`;
  }
  return undefined;
}

/** There are folders that the system keeps for itself, as /proc. */
async function unwritable(path: string): Promise<string | undefined> {
  const folder = dirname(await leadsTo(path));
  return (await exists(folder))
    ? `no file can be made in ${folder} (ENOENT); name a file in another folder`
    : undefined;
}

function exists(path: string): Promise<boolean> {
  return stat(path).then(
    () => true,
    () => false,
  );
}
