import { randomBytes } from 'node:crypto';
import { linkSync, lstatSync, renameSync, unlinkSync } from 'node:fs';
import { connect } from 'node:net';
import { dirname, join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { SocketBindError, systemCode } from './bind-error.ts';

/** A program that has bound its socket and does not listen yet refuses connections like a dead one, for a moment. */
const SECOND_LOOK_MS = 50;

/**
 * Resolves when nothing is at `path`. What a program that has died left there is removed, but only after two connects, 50 ms
 * apart, have shown that nobody listens.
 *
 * Rejects with a SocketBindError: `socket_in_use`, `not_a_socket`, `not_writable`, `bind_failed`.
 */
export async function removeStaleSocket(path: string): Promise<void> {
  const found = fileIdentity(path);
  if (found === undefined) return;
  if (!lstatSync(path, { throwIfNoEntry: false })?.isSocket()) {
    throw new SocketBindError(
      'not_a_socket',
      `${path} exists and is not a socket. Move it away, or choose another path.`,
    );
  }
  if ((await probe(path)) === 'gone') return;
  await wait(SECOND_LOOK_MS);
  if ((await probe(path)) === 'gone') return;
  discard(path, found);
}

/**
 * Which file is at a path; undefined if none is, or none can be seen. The same file under two names has the same identity. The time of its
 * birth is a part of it, because the number of an inode that is free is given to the next file.
 */
export function fileIdentity(path: string): string | undefined {
  try {
    const stats = lstatSync(path, { bigint: true, throwIfNoEntry: false });
    return stats && `${stats.dev}:${stats.ino}:${stats.birthtimeNs}`;
  } catch {
    return undefined;
  }
}

async function probe(path: string): Promise<'stale' | 'gone'> {
  const code = await connectOnce(path);
  if (code === 'ECONNREFUSED') return 'stale';
  if (code === 'ENOENT') return 'gone';
  if (code === 'EACCES' || code === 'EPERM') {
    throw new SocketBindError(
      'socket_in_use',
      `${path} is a socket that this user may not connect to, so a program may be using it. Remove it if none is, or choose another path.`,
    );
  }
  throw inUse(path);
}

/** The system's code if it fails. A listener whose backlog is full (EAGAIN) is alive too. */
function connectOnce(path: string): Promise<string | undefined> {
  return new Promise((resolve) => {
    const socket = connect(path);
    socket.once('connect', () => {
      socket.destroy();
      resolve(undefined);
    });
    socket.once('error', (error) => resolve(systemCode(error)));
  });
}

/** Another starter may have put its own socket there since: moved aside first, looked at, and put back if it is not the stale one. */
function discard(path: string, stale: string): void {
  const present = fileIdentity(path);
  if (present === undefined) return;
  if (present !== stale) throw inUse(path);
  const aside = join(dirname(path), `.${randomBytes(6).toString('hex')}`);
  try {
    renameSync(path, aside);
  } catch (error) {
    if (systemCode(error) === 'ENOENT') return;
    throw new SocketBindError(
      'not_writable',
      `The stale socket ${path} could not be removed (${systemCode(error)}). Remove it, or choose another path.`,
    );
  }
  if (fileIdentity(aside) !== stale) {
    putBack(aside, path);
    throw inUse(path);
  }
  unlinkSync(aside);
}

function putBack(aside: string, path: string): void {
  try {
    linkSync(aside, path);
    unlinkSync(aside);
  } catch {
    // Another user's socket may not be linked (proc_sys_fs(5), protected_hardlinks). It may be moved, if nothing is in the way.
    if (fileIdentity(path) === undefined) renameSync(aside, path);
  }
}

/** What a starter is told who finds a program at the path. */
export function inUse(path: string): SocketBindError {
  return new SocketBindError(
    'socket_in_use',
    `Another program is listening on ${path}. Stop it, or choose another path.`,
  );
}
