/** What is at a sink's path before it is written. */
import { linkTarget, UntrustedPathError } from '@token-relay/paths';
import { readRegularFile } from '@token-relay/tokens';
import { stat } from 'node:fs/promises';
import { dirname } from 'node:path';
import { errnoOf } from '../holding/errno.ts';
import { isStateText } from '../holding/state-text.ts';
import { leadsTo } from './leads-to.ts';
import { saveObstacle } from './save-obstacle.ts';
import type { SinkConfig } from './sink-settings.ts';

/** `same`: text, mode and owner are as they shall be. `not_ours`: it must not be overwritten, and why. */
export type PresentFile =
  { readonly kind: 'same' } | { readonly kind: 'other' } | { readonly kind: 'not_ours'; readonly reason: string };

export async function presentFile(config: SinkConfig, text: string): Promise<PresentFile> {
  const { path } = config;
  try {
    const file = await readRegularFile(path);
    switch (file.kind) {
      case 'not_a_file':
        return noFile(path, `it is ${file.what}; name a file`);
      case 'too_large':
        return notOurs(path, `it has ${file.size} bytes, more than any sink`);
      case 'read': {
        const present = Buffer.from(file.bytes).toString('latin1');
        if (isStateText(present)) return notOurs(path, 'it is the state file of a receiver');
        if (holdsLogin(present)) return notOurs(path, 'it holds a login, which would be lost');
        return present === text && (await isAsConfigured(config)) ? { kind: 'same' } : { kind: 'other' };
      }
    }
  } catch (error) {
    switch (errnoOf(error)) {
      case undefined:
        throw error;
      case 'ENXIO':
        // open(2) of a socket
        return noFile(path, 'it is not a regular file; name a file');
      case 'ELOOP':
        return noFile(path, 'its links lead in a circle (ELOOP); correct the path');
      default:
        // Missing, or not for us to read: what the save says of it is to the point.
        return { kind: 'other' };
    }
  }
}

/** Why a sink could not be written now, in the words that the sink itself has for it; undefined if it could. */
export async function sinkObstacle(config: SinkConfig): Promise<string | undefined> {
  const { path, mode, uid, gid } = config;
  const present = await presentFile(config, '');
  if (present.kind === 'not_ours') return present.reason;
  const planted = await linkTarget(path).catch((error: unknown) => error);
  if (planted instanceof UntrustedPathError) return `could not save ${path}: ${planted.message}`;
  const owner = { ...(uid === undefined ? {} : { uid }), ...(gid === undefined ? {} : { gid }) };
  return saveObstacle(path, dirname(await leadsTo(path)), { mode, ...owner });
}

/** A token file that was named by mistake: with a refresh token, encrypted, or Schwabdev's database. */
function holdsLogin(text: string): boolean {
  return /refresh_token["=]|token_relay_encrypted/i.test(text) || text.startsWith('SQLite format 3\0');
}

async function isAsConfigured({ path, mode, uid, gid }: SinkConfig): Promise<boolean> {
  const stats = await stat(path);
  return (
    (stats.mode & 0o7777) === mode &&
    (uid === undefined || stats.uid === uid) &&
    (gid === undefined || stats.gid === gid)
  );
}

function noFile(path: string, what: string): PresentFile {
  return { kind: 'not_ours', reason: `could not save ${path}: ${what}` };
}

function notOurs(path: string, what: string): PresentFile {
  return { kind: 'not_ours', reason: `${path} is not overwritten: ${what}; name another file, or remove this one` };
}
