/** Where the receiver listens, if the program does not say it. */
import { lstatSync, statSync } from 'node:fs';
import { join } from 'node:path';
import type { Problem } from './client-error.ts';

/** The receiver of the whole machine: what systemd makes of `RuntimeDirectory=token-receiver`. */
const SYSTEM_SOCKET = '/run/token-receiver/api.sock';

/** unix(7): 108 bytes with the one that ends it. A longer path is cut off by the system without a word. */
const MAX_SOCKET_PATH_BYTES = 107;

export type SocketPath =
  { readonly kind: 'usable'; readonly path: string } | { readonly kind: 'unusable'; readonly problem: Problem };

export interface Surroundings {
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly uid: number;
  /** for tests; default `/run/token-receiver/api.sock` */
  readonly systemSocket?: string;
}

/**
 * `$TOKEN_RECEIVER_API_SOCKET_PATH`; else `/run/token-receiver/api.sock` if it is there; else, for a receiver of the same
 * user, `$XDG_RUNTIME_DIR/token-relay/api.sock`; else `/tmp/token-relay-UID/api.sock`. `$RUNTIME_DIRECTORY` is not looked at: in
 * an application it is the application's own. A folder of the last two that another user could write to is refused: there,
 * anyone could stand in for the receiver.
 */
export function findSocketPath({ env, uid, systemSocket = SYSTEM_SOCKET }: Surroundings): SocketPath {
  const named = env['TOKEN_RECEIVER_API_SOCKET_PATH'];
  if (named !== undefined && named !== '') return checkSocketPath(named);
  if (isThere(systemSocket)) return { kind: 'usable', path: systemSocket };
  const session = env['XDG_RUNTIME_DIR'];
  const folder =
    session !== undefined && session.startsWith('/') && isFolderOf(session, uid)
      ? join(session, 'token-relay')
      : `/tmp/token-relay-${uid}`;
  const danger = dangerOf(folder, uid);
  return danger === undefined ? checkSocketPath(join(folder, 'api.sock')) : unusable(danger);
}

export function checkSocketPath(path: string): SocketPath {
  const bytes = Buffer.byteLength(path);
  if (bytes > 0 && bytes <= MAX_SOCKET_PATH_BYTES && !path.includes('\0')) return { kind: 'usable', path };
  return unusable(
    `The socket path ${JSON.stringify(path)} has to have 1 to ${MAX_SOCKET_PATH_BYTES} bytes, and it has ${bytes}.`,
  );
}

function unusable(message: string): SocketPath {
  return { kind: 'unusable', problem: { code: 'socket_path_unusable', message } };
}

/** One in a folder that this user may not look into is there: connecting tells that it is denied. */
function isThere(path: string): boolean {
  try {
    return lstatSync(path, { throwIfNoEntry: false }) !== undefined;
  } catch {
    return true;
  }
}

/** A session folder that is missing or another user's (as after `sudo -E`) counts as none. */
function isFolderOf(path: string, uid: number): boolean {
  const stats = statSync(path, { throwIfNoEntry: false });
  return stats?.isDirectory() === true && stats.uid === uid;
}

/** The receiver makes the folder; one that is missing is no danger. */
function dangerOf(folder: string, uid: number): string | undefined {
  const stats = lstatSync(folder, { throwIfNoEntry: false });
  if (stats === undefined) return undefined;
  if (!stats.isDirectory()) return `${folder} has to be a folder of its own, not a link or a file; remove it.`;
  if (stats.uid !== uid) return `${folder} belongs to user ${stats.uid}, not to this one (${uid}); remove it.`;
  if ((stats.mode & 0o022) !== 0) return `Others can write to ${folder}; run chmod 700 ${folder}`;
  return undefined;
}
