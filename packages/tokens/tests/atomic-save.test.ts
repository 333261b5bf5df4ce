import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmod, chown, lchown, lstat, mkdir, readFile, readdir, stat, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, onTestFinished, test } from 'vitest';
import { asOrdinaryUser } from '../../../tests/rigs/ordinary-user.ts';
import { canMount } from '../../../tests/rigs/small-disk.ts';
import { removeStaleTemporaries, saveAtomically } from '../src/atomic-save.ts';
import { temporaryFolder } from './temporary-folder.ts';

const modeOf = async (path: string): Promise<number> => (await stat(path)).mode & 0o7777;

describe('a save', () => {
  test.each([
    [0o000, undefined, 0o600],
    [0o777, undefined, 0o600],
    [0o077, 0o640, 0o640],
  ])('under umask %o has the mode that was asked for', async (umask, mode, expected) => {
    const folder = await temporaryFolder();
    const umaskBefore = process.umask(umask);
    onTestFinished(() => void process.umask(umaskBefore));
    await saveAtomically(join(folder, 'f'), 'text', mode === undefined ? {} : { mode });
    expect(await modeOf(join(folder, 'f'))).toBe(expected);
  });

  test('narrows the mode of a file that was too open', async () => {
    const path = join(await temporaryFolder(), 'f');
    await writeFile(path, 'old', { mode: 0o644 });
    await saveAtomically(path, 'new');
    expect([await modeOf(path), await readFile(path, 'utf8')]).toEqual([0o600, 'new']);
  });

  test('leaves nothing beside the file', async () => {
    const folder = await temporaryFolder();
    await Promise.all(Array.from({ length: 20 }, (_, count) => saveAtomically(join(folder, 'f'), String(count))));
    expect(await readdir(folder)).toEqual(['f']);
  });

  test('is seen whole at every moment of 200 saves', async () => {
    const path = join(await temporaryFolder(), 'f');
    const textOf = (count: number): string => JSON.stringify({ count, padding: 'x'.repeat(10_000 + count) });
    await saveAtomically(path, textOf(0));
    const saving = { done: false };
    const seen = new Set<number>();
    const reader = (async () => {
      while (!saving.done) {
        const { count } = JSON.parse(await readFile(path, 'utf8')) as { count: number };
        seen.add(count);
      }
    })();
    for (let count = 1; count <= 200; count += 1) await saveAtomically(path, textOf(count));
    saving.done = true;
    await reader;
    expect(seen.size).toBeGreaterThan(1);
    expect(await readFile(path, 'utf8')).toBe(textOf(200));
  });

  test('that is killed leaves a whole file, and what it left beside is removed', async () => {
    const folder = await temporaryFolder();
    const path = join(folder, 'f');
    for (let kill = 0; kill < 5; kill += 1) {
      const child = spawn(process.execPath, [join(import.meta.dirname, 'saving-process.ts'), path], {
        stdio: ['ignore', 'pipe', 'inherit'],
      });
      await once(child.stdout, 'data');
      child.kill('SIGKILL');
      await once(child, 'exit');
      expect(JSON.parse(await readFile(path, 'utf8'))).toHaveProperty('count');
    }
    await removeStaleTemporaries(path);
    expect(await readdir(folder)).toEqual(['f']);
  });

  test('replaces the target of a link and keeps the link, also when the target is missing', async () => {
    const folder = await temporaryFolder();
    await mkdir(join(folder, 'real'));
    await symlink('real/f', join(folder, 'link'));
    for (const text of ['first', 'second']) {
      await saveAtomically(join(folder, 'link'), text);
      expect(await readFile(join(folder, 'real/f'), 'utf8')).toBe(text);
    }
    expect((await lstat(join(folder, 'link'))).isSymbolicLink()).toBe(true);
    expect(await readdir(join(folder, 'real'))).toEqual(['f']);
  });
});

test('what an earlier process left of a save goes with the next save', async () => {
  const folder = await temporaryFolder();
  const left = join(folder, '.f.0123456789abcdef.tmp');
  await writeFile(left, 'torn');
  await saveAtomically(join(folder, 'f'), 'first');
  expect(await readdir(folder)).toEqual(['f']);
});

describe('a link that another user made', () => {
  // Where this is not root, nobody else's link can be made.
  const isRoot = process.geteuid?.() === 0;
  test.each([
    ['to a file of ours is not followed', 0, isRoot ? /link that user 12345 made to what is not theirs/ : undefined],
    ['to a file of theirs is followed, and stays', 12_345, undefined],
  ])('%s', async (_what, owner, refusal) => {
    const folder = await temporaryFolder();
    const [target, link] = [join(folder, 'target'), join(folder, 'link')];
    await writeFile(target, 'earlier');
    await symlink('target', link);
    if (isRoot) await Promise.all([chown(target, owner, owner), lchown(link, 12_345, 12_345)]);
    const saving = saveAtomically(link, 'new');
    if (refusal === undefined) await saving;
    else await expect(saving).rejects.toThrow(refusal);
    expect(await readFile(target, 'utf8')).toBe(refusal === undefined ? 'new' : 'earlier');
    expect((await lstat(link)).isSymbolicLink()).toBe(true);
  });
});

test('only temporary files of this very file are removed', async () => {
  const folder = await temporaryFolder();
  const kept = ['.f.json.tmp', '.f.json.0123456789abcdeX.tmp', '.g.json.0123456789abcdef.tmp', 'f.json'];
  for (const name of [...kept, '.f.json.0123456789abcdef.tmp']) await writeFile(join(folder, name), '');
  await removeStaleTemporaries(join(folder, 'f.json'));
  expect((await readdir(folder)).sort()).toEqual(kept.sort());
  await removeStaleTemporaries(join(folder, 'missing', 'f.json'));
});

describe('a save that cannot be done says why and what to do', () => {
  test('in a folder that is missing', async () => {
    const path = join(await temporaryFolder(), 'missing', 'f');
    await expect(saveAtomically(path, 'SECRET')).rejects.toMatchObject({
      code: 'token_save_failed',
      retryable: true,
      message: expect.stringMatching(/missing\/f: the folder .*missing does not exist .*create it/) as string,
    });
  });

  test('under a path that is not a folder', async () => {
    const path = join(await temporaryFolder(), 'file');
    await writeFile(path, '');
    await expect(saveAtomically(join(path, 'f'), 'x')).rejects.toThrow(/ENOTDIR/);
  });

  test('over a folder', async () => {
    const folder = await temporaryFolder();
    await expect(saveAtomically(folder, 'x')).rejects.toThrow(/it is a folder; name a file in it/);
    expect((await stat(folder)).isDirectory()).toBe(true);
  });

  test('over a pipe, a socket or a device, which root could destroy', async () => {
    const path = join(await temporaryFolder(), 'pipe');
    execFileSync('mkfifo', [path]);
    await expect(saveAtomically(path, 'x')).rejects.toThrow(/not a regular file/);
    expect((await lstat(path)).isFIFO()).toBe(true);
  });

  test('through links in a circle', async () => {
    const path = join(await temporaryFolder(), 'f');
    await symlink('f', path);
    await expect(saveAtomically(path, 'x')).rejects.toThrow(/ELOOP/);
  });

  test('in a folder that may not be written, and the earlier file is untouched', async () => {
    const folder = await temporaryFolder();
    const path = join(folder, 'f');
    await saveAtomically(path, 'earlier');
    await chmod(folder, 0o555);
    await expect(asOrdinaryUser([], () => saveAtomically(path, 'SECRET'))).rejects.toMatchObject({
      code: 'token_save_failed',
      message: expect.stringMatching(/permission denied \(EACCES\); let this user write to the folder/) as string,
    });
    expect([await readFile(path, 'utf8'), await readdir(folder)]).toEqual(['earlier', ['f']]);
  });

  if (canMount) {
    test('on a full disk, and the earlier file is untouched', async () => {
      const folder = await temporaryFolder();
      execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=16k', 'tmpfs', folder]);
      try {
        const path = join(folder, 'f');
        await saveAtomically(path, 'earlier');
        await expect(saveAtomically(path, 'x'.repeat(20_000))).rejects.toMatchObject({
          code: 'token_save_failed',
          message: expect.stringMatching(/no space left on the disk \(ENOSPC\); free some space/) as string,
        });
        expect([await readFile(path, 'utf8'), await readdir(folder)]).toEqual(['earlier', ['f']]);
      } finally {
        execFileSync('umount', [folder]);
      }
    });
  }
});
