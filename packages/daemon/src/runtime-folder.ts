import { lstatSync, mkdirSync, statSync, type Stats } from 'node:fs';
import { join } from 'node:path';
import { ConfigurationError } from './configuration-error.ts';
import { errnoOf } from './errno.ts';

/**
 * The folder in which one user's daemons and commands find each other: `$RUNTIME_DIRECTORY` (systemd's, the first of a
 * colon-separated list), else `$XDG_RUNTIME_DIR/token-relay`, else `/tmp/token-relay-UID`.
 *
 * The last two have to be ours alone, because whoever can write there can stand in for our sockets: with `create` they
 * are made with mode 0700; one that exists has to be a real folder of this user that nobody else can write to.
 * Throws ConfigurationError `config_too_open` or `config_unreadable`, which names the folder.
 */
export function runtimeFolder(options: {
  env: Readonly<Record<string, string | undefined>>;
  uid: number;
  create: boolean;
}): string {
  const { env, uid, create } = options;
  const fromSystemd = systemdFolder(env);
  if (fromSystemd !== undefined) return fromSystemd;
  const folder = privateFolder(env, uid);
  ensurePrivateFolder(folder, uid, create);
  return folder;
}

/**
 * Makes a folder again that was removed while a daemon ran, if it is the one that `runtimeFolder` would make: another is
 * its owner's to make. Throws as that does.
 */
export function remakeRuntimeFolder(
  folder: string,
  { env, uid }: { env: Readonly<Record<string, string | undefined>>; uid: number },
): void {
  if (systemdFolder(env) === undefined && folder === privateFolder(env, uid)) ensurePrivateFolder(folder, uid, true);
}

function systemdFolder(env: Readonly<Record<string, string | undefined>>): string | undefined {
  const [first] = env['RUNTIME_DIRECTORY']?.split(':') ?? [];
  return first === '' ? undefined : first;
}

function privateFolder(env: Readonly<Record<string, string | undefined>>, uid: number): string {
  const session = env['XDG_RUNTIME_DIR'];
  return session !== undefined && session.startsWith('/') && isFolderOf(session, uid)
    ? join(session, 'token-relay')
    : `/tmp/token-relay-${uid}`;
}

/** A session folder that is missing or another user's (as after `sudo -E`) counts as none. */
function isFolderOf(path: string, uid: number): boolean {
  const stats = statSync(path, { throwIfNoEntry: false });
  return stats?.isDirectory() === true && stats.uid === uid;
}

function ensurePrivateFolder(folder: string, uid: number, create: boolean): void {
  if (create) makeFolder(folder);
  const stats = lstatSync(folder, { throwIfNoEntry: false });
  if (stats === undefined) return;
  const problem = privacyProblem(stats, uid, folder);
  if (problem !== undefined) throw new ConfigurationError('config_too_open', problem, { file: folder });
}

function makeFolder(folder: string): void {
  try {
    mkdirSync(folder, { mode: 0o700 });
  } catch (error) {
    const errno = errnoOf(error);
    if (errno === 'EEXIST') return;
    throw new ConfigurationError('config_unreadable', `the folder cannot be made (${errno ?? 'unknown error'})`, {
      file: folder,
    });
  }
}

function privacyProblem(stats: Stats, uid: number, folder: string): string | undefined {
  if (!stats.isDirectory()) return 'this has to be a folder of its own, not a link or a file; remove it';
  if (stats.uid !== uid) return `the folder belongs to user ${stats.uid}, not to this one (${uid}); remove it`;
  if ((stats.mode & 0o022) !== 0) return `others can write to the folder; run chmod 700 ${folder}`;
  return undefined;
}
