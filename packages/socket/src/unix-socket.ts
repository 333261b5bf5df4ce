import { chmodSync, chownSync, linkSync, lstatSync, rmSync, unlinkSync } from 'node:fs';
import { once } from 'node:events';
import type { Server } from 'node:net';
import { basename, dirname, join } from 'node:path';
import { linkTarget, UntrustedPathError } from '@token-relay/paths';
import { bindFailed, folderError, SocketBindError, systemCode } from './bind-error.ts';
import { makePrivateFolder, privateNames } from './private-folder.ts';
import { fileIdentity, inUse, removeStaleSocket } from './stale-socket.ts';

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
