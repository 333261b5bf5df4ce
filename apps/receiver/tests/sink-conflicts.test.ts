import { mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { refuseSinkConflicts } from '../src/sinks/sink-conflicts.ts';
import { temporaryFolder } from './holding-rig.ts';

/** A folder with `real` and `link` to it, `sub` and `other` to it, and `circle`. */
function folder(): string {
  const path = temporaryFolder();
  writeFileSync(join(path, 'real'), '');
  symlinkSync('real', join(path, 'link'));
  mkdirSync(join(path, 'sub'));
  symlinkSync('sub', join(path, 'other'));
  symlinkSync('sub/later', join(path, 'dangling'));
  symlinkSync('circle', join(path, 'circle'));
  return path;
}

describe('two sinks of one file', () => {
  test.each([
    ['a link and what it leads to', 'link', 'real'],
    ['a folder under two names', 'sub/token', 'other/token'],
    ['a link to a file that is yet to come', 'dangling', 'other/later'],
    ['in a folder that is missing', 'other/missing/token', 'sub/missing/token'],
  ])('%s', async (_, one, other) => {
    const at = folder();
    const sinks = [{ path: join(at, 'free') }, { path: join(at, one) }, { path: join(at, other) }];
    await expect(refuseSinkConflicts(sinks, {})).rejects.toMatchObject({
      code: 'config_invalid',
      message: expect.stringContaining(
        `sinks[2].path: ${join(at, other)} leads to the same file as sinks[1].path (${join(at, one)})`,
      ) as string,
    });
  });
});

test.each(['link', 'real'])("a sink on the receiver's own file, by its name or another (%s)", async (name) => {
  const at = folder();
  await expect(refuseSinkConflicts([{ path: join(at, name) }], { log_file: join(at, 'link') })).rejects.toThrow(
    `${join(at, name)} is the receiver's own file (log_file)`,
  );
});

test('sinks that keep out of each other’s way are no reason for a word, wherever they lead', async () => {
  const at = folder();
  const sinks = ['real', 'sub/token', 'dangling', 'circle', 'real/below'].map((name) => ({ path: join(at, name) }));
  await refuseSinkConflicts(sinks, { state_file: join(at, 'state.json') });
});
