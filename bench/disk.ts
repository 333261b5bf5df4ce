/** Where the saves go, and what one costs without a daemon around it. */
import { closeSync, fsyncSync, openSync, readFileSync, renameSync, writeSync } from 'node:fs';
import { join, resolve } from 'node:path';

/** The steps of an atomic save, and how long they took together, and the file's fsync of it. */
export function saveAlone(folder: string, text: string): { readonly saveMs: number; readonly syncMs: number } {
  const [temporary, target] = [join(folder, '.alone.tmp'), join(folder, 'alone.json')];
  const startedAt = performance.now();
  const file = openSync(temporary, 'wx', 0o600);
  writeSync(file, text);
  const syncAt = performance.now();
  fsyncSync(file);
  const syncMs = performance.now() - syncAt;
  closeSync(file);
  renameSync(temporary, target);
  const holder = openSync(folder, 'r');
  fsyncSync(holder);
  closeSync(holder);
  return { saveMs: performance.now() - startedAt, syncMs };
}

/** `ext4`, from the mount that a path lies on. */
export function fileSystemOf(path: string): string {
  const mounts = readFileSync('/proc/self/mounts', 'utf8')
    .trim()
    .split('\n')
    .map((line) => line.split(' '))
    .map(([, point = '', kind = '']) => ({ point, kind }))
    .filter(({ point }) => `${resolve(path)}/`.startsWith(point === '/' ? '/' : `${point}/`));
  // The longest is the innermost, and of two on one point the later one covers the other.
  return mounts.reduce((inner, mount) => (mount.point.length >= inner.point.length ? mount : inner)).kind;
}
