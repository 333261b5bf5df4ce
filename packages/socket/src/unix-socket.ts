import {
  chmodSync,
  chownSync,
  closeSync,
  constants,
  fstatSync,
  linkSync,
  lstatSync,
  mkdirSync,
  openSync,
  rmdirSync,
  rmSync,
  unlinkSync,
} from 'node:fs';
import { once } from 'node:events';
import type { Server } from 'node:net';
import { basename, dirname, join } from 'node:path';
import { geteuid } from 'node:process';
import { linkTarget, UntrustedPathError } from '@token-relay/paths';
import { SocketBindError, systemCode } from './bind-error.ts';
import { fileIdentity, inUse, removeStaleSocket } from './stale-socket.ts';

/** The longest path that an address can hold (unix(7): 108 bytes with the closing NUL). */
export const MAX_SOCKET_PATH_BYTES = 107;

/** How often a path that was free a moment ago may turn out to be taken. */
const PUBLISH_ATTEMPTS = 5;

/** `mode`: the permission bits, exactly, whatever the umask. `groupId`: default the process's own. `backlog`: default 128. */
export type UnixSocketOptions = { mode: number; groupId?: number; backlog?: number };

/** A socket file that is ours, until another program removes it. A SocketKeeper looks after it. */
export type UnixSocketClaim = {
  readonly path: string;
  /** Whether it is still there, so that it can be connected to. What cannot be seen, in a folder that is closed to us, counts as there. */
  isInPlace: () => boolean;
  /**
   * Makes the socket at the path again after its file is gone. Connections that there are stay, but for idle ones of node:http. Rejects
   * with a SocketBindError; the server may then no longer listen, and it can be tried again.
   */
  restore: () => Promise<void>;
  /** Removes the file, unless another has taken its place; call it before closing the server. */
  release: () => void;
};

/**
 * Makes a server (also one of node:http) listen at `path`, and resolves when it does. A stale socket is replaced, a live one never.
 *
 * The socket is made in a private folder beside the path and linked to its place when its mode and group are set. So nobody
 * can connect to it too early; the link fails if another starter was quicker; and Node, which removes the path that it has
 * bound when the server closes without looking what is there, finds nothing to remove.
 *
 * Rejects with a SocketBindError; the server is then closed.
 */
export async function bindUnixSocket(
  server: Server,
  path: string,
  options: UnixSocketOptions,
): Promise<UnixSocketClaim> {
  let ours = await bind(server, path, options);
  return {
    path,
    isInPlace: () => isSocketInPlace(path, ours),
    async restore() {
      ours = await bind(server, path, options);
    },
    release() {
      try {
        if (ours !== undefined && fileIdentity(path) === ours) unlinkSync(path);
      } catch {
        // A folder that is gone or no longer ours: what is left there is stale, and the next start replaces it.
      }
    },
  };
}

/** Whether the file with this identity is at the path. One that cannot be seen may be. */
export function isSocketInPlace(path: string, identity: string | undefined): boolean {
  if (identity === undefined || fileIdentity(path) === identity) return true;
  try {
    lstatSync(path);
    return false;
  } catch (error) {
    return systemCode(error) === 'EACCES';
  }
}

/** Resolves with the identity of the socket's file. */
async function bind(server: Server, path: string, options: UnixSocketOptions): Promise<string | undefined> {
  try {
    return await bindInPrivateFolder(server, path, options);
  } catch (error) {
    // Folders come and go, and are closed, between any two steps.
    throw error instanceof SocketBindError || systemCode(error) === 'UNKNOWN' ? error : folderError(error, path);
  }
}

async function bindInPrivateFolder(
  server: Server,
  path: string,
  options: UnixSocketOptions,
): Promise<string | undefined> {
  const { folder, socket } = privateNames(path);
  await refuseUntrustedFolder(path);
  await removeStaleSocket(path);
  const held = makePrivateFolder(folder, path);
  const socketInside = join(held.inside, basename(socket));
  try {
    // It listens on a file that has no name any more, so nobody can come to it.
    if (server.listening) server.close();
    await listen(server, socket, path, options.backlog ?? 128);
    setAccess(socketInside, path, options);
    // Not of the path, which another program may have taken away a moment later.
    const ours = fileIdentity(socketInside);
    await publish(socketInside, path);
    return ours;
  } catch (error) {
    server.close();
    throw error;
  } finally {
    removeSocket(socketInside);
    held.release();
  }
}

/** The socket keeps its name if that fits: it is the one that `ss` shows. */
function privateNames(path: string): { folder: string; socket: string } {
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

/** open(2), for x86 and ARM alike: a descriptor that names a file without opening it. */
const O_PATH = 0o10000000;

/**
 * `inside` leads to the folder itself, whatever has taken its name meanwhile: where others may write too, one of them could
 * put a link there, and have us change the access of another file.
 */
type PrivateFolder = { readonly inside: string; release: () => void };

function makePrivateFolder(folder: string, path: string): PrivateFolder {
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

/** Whoever can have the folder lead elsewhere can stand in for the socket. */
async function refuseUntrustedFolder(path: string): Promise<void> {
  try {
    await linkTarget(dirname(path));
  } catch (error) {
    if (!(error instanceof UntrustedPathError)) throw folderError(error, path);
    throw new SocketBindError('not_writable', `The socket ${path} is not opened: ${error.message}.`);
  }
}

function removeSocket(socketInside: string): void {
  try {
    rmSync(socketInside, { force: true });
  } catch {
    // The folder above was closed meanwhile. What is left is harmless: nobody else can come to it.
  }
}

function folderError(error: unknown, path: string): SocketBindError {
  const folder = dirname(path);
  const code = systemCode(error);
  switch (code) {
    case 'ENOENT':
    case 'ENOTDIR':
      return new SocketBindError(
        'folder_missing',
        `The folder of the socket ${path} does not exist. Create ${folder}, or choose another path.`,
      );
    case 'EACCES':
    case 'EPERM':
    case 'EROFS':
      return new SocketBindError(
        'not_writable',
        `This user may not create the socket ${path} (${code}). Give it write access to ${folder}, or choose another path.`,
      );
    default:
      return bindFailed(path, error);
  }
}

function bindFailed(path: string, error: unknown): SocketBindError {
  return new SocketBindError(
    'bind_failed',
    `The socket ${path} could not be opened (${systemCode(error)}). Choose another path.`,
  );
}

async function listen(server: Server, socket: string, path: string, backlog: number): Promise<void> {
  const listening = once(server, 'listening');
  server.listen({ path: socket, backlog });
  try {
    await listening;
  } catch (error) {
    throw bindFailed(path, error);
  }
}

function setAccess(socket: string, path: string, options: UnixSocketOptions): void {
  try {
    if (options.groupId !== undefined) chownSync(socket, -1, options.groupId);
  } catch (error) {
    throw new SocketBindError(
      'group_not_permitted',
      `The socket ${path} cannot be given to the group ${options.groupId ?? ''} (${systemCode(error)}). Add this user to the group, or choose another.`,
    );
  }
  chmodSync(socket, options.mode);
}

/** Gives the socket its place. A link never replaces what is there. */
async function publish(socket: string, path: string): Promise<void> {
  for (let attempt = 0; attempt < PUBLISH_ATTEMPTS; attempt++) {
    try {
      linkSync(socket, path);
      return;
    } catch (error) {
      if (systemCode(error) !== 'EEXIST') throw folderError(error, path);
    }
    await removeStaleSocket(path);
  }
  throw inUse(path);
}
