import { once } from 'node:events';
import { mkdir, mkdtemp, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { watchPath, type PathIdentity } from '../src/index.ts';

let folder: string;
let stop: AbortController;
let seen: (PathIdentity | undefined)[];
let waiting: (() => void) | undefined;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'watch-'));
  stop = new AbortController();
  seen = [];
});
afterEach(async () => {
  stop.abort();
  await rm(folder, { recursive: true, force: true });
});

/** The poll is far away here: what is seen is seen by the watch. */
const FAR_MS = 3_600_000;

function watch(path: string, pollMs = FAR_MS): PathIdentity | undefined {
  return watchPath(
    path,
    (identity) => {
      seen.push(identity);
      waiting?.();
    },
    { signal: stop.signal, pollMs },
  );
}

/** Resolves when the latest change that was told is as expected. */
async function seenLast(expected: (identity: PathIdentity | undefined) => boolean): Promise<void> {
  while (seen.length === 0 || !expected(seen.at(-1))) {
    await new Promise<void>((resolve) => {
      waiting = resolve;
    });
  }
}
const there = (identity: PathIdentity | undefined): boolean => identity !== undefined;
const gone = (identity: PathIdentity | undefined): boolean => identity === undefined;

test('a file that appears, grows, is replaced and goes is told each time', async () => {
  const path = join(folder, 'token.json');
  expect(watch(path)).toBeUndefined();
  await writeFile(path, 'one');
  await seenLast((identity) => identity?.sizeBytes === 3n);
  const first = seen.at(-1);
  await writeFile(join(folder, 'next'), 'three');
  await rename(join(folder, 'next'), path);
  await seenLast((identity) => identity?.sizeBytes === 5n);
  expect(seen.at(-1)?.ino).not.toBe(first?.ino);
  await rm(path);
  await seenLast(gone);
});

test('a socket that is bound again is a change, because it is another inode', async () => {
  const path = join(folder, 'bot.sock');
  const inodes: (bigint | undefined)[] = [];
  watch(path);
  for (let round = 0; round < 2; round++) {
    const server = createServer().listen(path);
    await once(server, 'listening');
    await seenLast((identity) => there(identity) && identity?.ctimeNs !== inodes.at(-1));
    inodes.push(seen.at(-1)?.ctimeNs);
    server.close();
    await once(server, 'close');
    await seenLast(gone);
  }
});

test('what is there at the start is returned and not told as a change', async () => {
  const path = join(folder, 'a');
  await writeFile(path, 'x');
  expect(watch(path)).toMatchObject({ sizeBytes: 1n });
  await rm(path);
  await seenLast(gone);
  expect(seen).toEqual([undefined]);
});

test('a path whose folders do not exist yet is seen when they are made, all at once', async () => {
  const path = join(folder, 'a', 'b', 'c', 'x.sock');
  watch(path);
  await mkdir(join(folder, 'a', 'b', 'c'), { recursive: true });
  await writeFile(path, 'x');
  await seenLast(there);
});

test('a folder that is removed and made again is followed', async () => {
  const sub = join(folder, 'run', 'token-relay');
  const path = join(sub, 'x.sock');
  watch(path);
  for (let round = 0; round < 3; round++) {
    await mkdir(sub, { recursive: true });
    await writeFile(path, 'x');
    await seenLast(there);
    await rm(join(folder, 'run'), { recursive: true });
    await seenLast(gone);
  }
});

test('a folder that is exchanged for another is followed', async () => {
  const [folderNow, folderNext] = [join(folder, 'now'), join(folder, 'next')];
  await mkdir(folderNow);
  await mkdir(folderNext);
  await writeFile(join(folderNext, 'x'), 'x');
  watch(join(folderNow, 'x'));
  await rename(folderNow, join(folder, 'old'));
  await rename(folderNext, folderNow);
  await seenLast(there);
  await rm(join(folderNow, 'x'));
  await seenLast(gone);
});

test('a change that no watch can see is found by the poll', async () => {
  const [a, b] = [join(folder, 'a'), join(folder, 'b')];
  await mkdir(join(a, 'sub'), { recursive: true });
  watch(join(a, 'sub', 'x'), 20);
  await mkdir(join(b, 'sub'), { recursive: true });
  await writeFile(join(b, 'sub', 'x'), 'x');
  // The folder that is watched is still the same; the one above it is another.
  await rename(a, join(folder, 'old'));
  await rename(b, a);
  await seenLast(there);
});

test('changes to neighbours are not told, and a burst is told as it ends', async () => {
  const path = join(folder, 'a');
  watch(path);
  for (let number = 0; number < 50; number++) await writeFile(join(folder, `n${number}`), 'x');
  for (let length = 1; length <= 50; length++) await writeFile(path, 'x'.repeat(length));
  await seenLast((identity) => identity?.sizeBytes === 50n);
  expect(seen.length).toBeLessThan(50);
});

test('a reaction that throws is logged, and the watch goes on', async () => {
  const path = join(folder, 'a');
  const log = { debug: vi.fn(), info: vi.fn(), warn: vi.fn(), error: vi.fn() };
  watchPath(
    path,
    (identity) => {
      seen.push(identity);
      waiting?.();
      throw new Error('made up');
    },
    { signal: stop.signal, pollMs: FAR_MS, log },
  );
  await writeFile(path, 'x');
  await seenLast(there);
  await rm(path);
  await seenLast(gone);
  expect(log.error).toHaveBeenCalledWith(`Reacting to a change of ${path} failed: made up`);
});

/** What this process watches, as the kernel counts it (proc(5), fdinfo). */
async function kernelWatches(): Promise<number> {
  const descriptors = await readdir('/proc/self/fdinfo');
  const texts = await Promise.all(descriptors.map((fd) => readFile(`/proc/self/fdinfo/${fd}`, 'utf8').catch(() => '')));
  return texts.join('').match(/^inotify wd:/gm)?.length ?? 0;
}

test('after an abort nothing is watched, and one that is aborted before never begins', async () => {
  const timers = (): number => process.getActiveResourcesInfo().filter((name) => name === 'Timeout').length;
  const watchesBefore = await kernelWatches();
  const timersBefore = timers();
  watch(join(folder, 'a'));
  expect(timers()).toBeGreaterThan(timersBefore);
  expect(await kernelWatches()).toBe(watchesBefore + 1);
  stop.abort();
  watch(join(folder, 'a'));
  // One that was there before may have ended.
  expect(timers()).toBeLessThanOrEqual(timersBefore);
  expect(await kernelWatches()).toBe(watchesBefore);
});

test('any number of folders made and removed leaves one watch', async () => {
  const watchesBefore = await kernelWatches();
  watch(join(folder, 'a', 'x'));
  for (let round = 0; round < 5; round++) {
    await mkdir(join(folder, 'a'));
    await writeFile(join(folder, 'a', 'x'), '');
    await seenLast(there);
    await rm(join(folder, 'a'), { recursive: true });
    await seenLast(gone);
  }
  expect(await kernelWatches()).toBe(watchesBefore + 1);
});
