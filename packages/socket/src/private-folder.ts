/** The folder beside a socket's path in which the socket is made, so that nobody can come to it before it has its mode and group. */
import { chmodSync, closeSync, constants, fstatSync, mkdirSync, openSync, rmdirSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { geteuid } from 'node:process';
import { folderError, SocketBindError } from './bind-error.ts';
import { MAX_SOCKET_PATH_BYTES } from './socket-path.ts';

/** open(2), for x86 and ARM alike: a descriptor that names a file without opening it. */
const O_PATH = 0o10000000;

/** The socket keeps its name if that fits: it is the one that `ss` shows. */
export function privateNames(path: string): { folder: string; socket: string } {
  const parent = dirname(path);
  const bytes = Buffer.byteLength(path);
  const room = MAX_SOCKET_PATH_BYTES - Buffer.byteLength(parent) - '//s'.length;
  if (bytes > MAX_SOCKET_PATH_BYTES || room < 2) {
    throw new SocketBindError(
      'path_too_long',
      `The socket path ${path} has ${bytes} bytes, which leaves no room within the system's ${MAX_SOCKET_PATH_BYTES}. Choose a shorter one.`,
    );
  }
  // mkdir refuses a name that exists, so it need not be one that nobody can guess; node:crypto would be loaded for nothing else.
  const folder = join(parent, `.${Math.random().toString(16).slice(2, 10)}`.slice(0, room));
  const socket = join(folder, basename(path));
  return { folder, socket: Buffer.byteLength(socket) <= MAX_SOCKET_PATH_BYTES ? socket : join(folder, 's') };
}

/**
 * `inside` leads to the folder itself, whatever has taken its name meanwhile: where others may write too, one of them could
 * put a link there, and have us change the access of another file.
 */
export type PrivateFolder = { readonly inside: string; release: () => void };

export function makePrivateFolder(folder: string, path: string): PrivateFolder {
  let fd: number | undefined;
  const release = (): void => {
    if (fd !== undefined) closeSync(fd);
    try {
      rmdirSync(folder);
    } catch {
      // It has been moved, or something was put into it: then it is not ours to remove.
    }
  };
  try {
    mkdirSync(folder, { mode: 0o700 });
  } catch (error) {
    throw folderError(error, path);
  }
  try {
    fd = openSync(folder, O_PATH | constants.O_DIRECTORY | constants.O_NOFOLLOW);
    if (fstatSync(fd).uid !== geteuid?.()) throw new Error('exchanged');
    const inside = `/proc/self/fd/${fd}`;
    chmodSync(inside, 0o700);
    return { inside, release };
  } catch {
    release();
    throw new SocketBindError(
      'bind_failed',
      `The socket ${path} could not be opened: another program took its private folder away. Choose a path in a folder that only this user can write to.`,
    );
  }
}
