import { statSync, watch, type FSWatcher } from 'node:fs';
import { basename, dirname, join, resolve } from 'node:path';
import { errnoOf } from './errno.ts';
import type { Log } from './log.ts';
import { LOOK_EVERY_MS, onTick } from './tick.ts';

/** Which file it is, and which version of it. */
export interface PathIdentity {
  dev: bigint;
  ino: bigint;
  ctimeNs: bigint;
  sizeBytes: bigint;
}

export interface WatchPathOptions {
  /** Ends the watch. */
  signal: AbortSignal;
  /** How often to look in any case; default 30 000. */
  pollMs?: number;
  log?: Log;
}

/** Events come in bursts (create, chmod, rename): one look for all that come within this time. */
const COALESCE_MS = 20;

/**
 * Tells when what is at a path appears, changes, is replaced or goes away: a file, a socket, or what a link leads to.
 * It watches the folder, or the nearest folder above that exists, and also looks every `pollMs`, for what a watch cannot
 * see. `onChange` gets the new identity, or undefined when there is nothing; only when it differs from the last one.
 * What it throws is logged.
 *
 * Returns what is there now, which is what the first change is measured against.
 */
export function watchPath(
  path: string,
  onChange: (identity: PathIdentity | undefined) => void,
  options: WatchPathOptions,
): PathIdentity | undefined {
  const { signal, pollMs = LOOK_EVERY_MS, log } = options;
  const target = resolve(path);
  let known = identify(target);
  if (signal.aborted) return known;
  let watched: { folder: string; identity: PathIdentity; watcher: FSWatcher } | undefined;
  let pending: NodeJS.Timeout | undefined;
  let watchFailureSaid = false;

  function look(): void {
    pending = undefined;
    followFolder();
    const found = identify(target);
    if (isSame(found, known)) return;
    known = found;
    try {
      onChange(found);
    } catch (error) {
      log?.error(`Reacting to a change of ${target} failed: ${error instanceof Error ? error.message : String(error)}`);
    }
  }

  function lookSoon(): void {
    if (signal.aborted) return;
    pending ??= setTimeout(look, COALESCE_MS);
  }

  /** Watches the nearest folder that exists; a folder that was made while this was set up is found by going round again. */
  function followFolder(): void {
    for (let rounds = 0; rounds < 10; rounds++) {
      const { folder, next, identity } = nearestFolder(target);
      if (watched !== undefined && watched.folder === folder && isSameFile(watched.identity, identity)) return;
      watched?.watcher.close();
      watched = undefined;
      if (identity === undefined) return;
      const watcher = startWatch(folder, next);
      if (watcher === undefined) return;
      watched = { folder, identity, watcher };
    }
  }

  function startWatch(folder: string, next: string): FSWatcher | undefined {
    try {
      const watcher = watch(folder, (_event, name) => {
        // The folder's own events carry its own name.
        if (name === null || name === next || name === basename(folder)) lookSoon();
      });
      watcher.on('error', lookSoon);
      return watcher;
    } catch (error) {
      const errno = errnoOf(error) ?? 'unknown error';
      // Vanished again: the next look finds the folder above.
      if (errno === 'ENOENT') lookSoon();
      else if (!watchFailureSaid) {
        watchFailureSaid = true;
        log?.warn(`Cannot watch ${folder} (${errno}); looking every ${Math.round(pollMs / 1000)} s instead`);
      }
      return undefined;
    }
  }

  onTick(look, signal, pollMs);
  signal.addEventListener('abort', () => {
    clearTimeout(pending);
    watched?.watcher.close();
    watched = undefined;
  });
  followFolder();
  // A change between the first look and the start of the watch.
  lookSoon();
  return known;
}

function identify(path: string): PathIdentity | undefined {
  try {
    const stats = statSync(path, { bigint: true, throwIfNoEntry: false });
    if (stats === undefined) return undefined;
    return { dev: stats.dev, ino: stats.ino, ctimeNs: stats.ctimeNs, sizeBytes: stats.size };
  } catch {
    // A folder on the way is no folder, or closed to us: then there is nothing here for this process.
    return undefined;
  }
}

function isSame(left: PathIdentity | undefined, right: PathIdentity | undefined): boolean {
  if (left === undefined || right === undefined) return left === right;
  return isSameFile(left, right) && left.ctimeNs === right.ctimeNs && left.sizeBytes === right.sizeBytes;
}

function isSameFile(left: PathIdentity, right: PathIdentity | undefined): boolean {
  return left.dev === right?.dev && left.ino === right.ino;
}

/** The lowest folder above a path that exists, and the name in it that leads to the path. */
function nearestFolder(path: string): { folder: string; next: string; identity: PathIdentity | undefined } {
  let folder = dirname(path);
  let next = basename(path);
  for (;;) {
    // With the dot at its end only a folder answers.
    const identity = identify(join(folder, '/') + '.');
    if (identity !== undefined || folder === '/') return { folder, next, identity };
    next = basename(folder);
    folder = dirname(folder);
  }
}
