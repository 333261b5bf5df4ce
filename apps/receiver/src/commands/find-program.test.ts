import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { findProgram } from './find-program.ts';

function folders(): { folder: string; one: string; two: string } {
  const folder = mkdtempSync(join(tmpdir(), 'programs-'));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  const [one, two] = [join(folder, 'one'), join(folder, 'two')];
  mkdirSync(one);
  mkdirSync(two);
  writeFileSync(join(one, 'tool'), '', { mode: 0o644 });
  return { folder, one, two };
}

test('every folder of PATH is looked through, past what may not be executed', () => {
  const { folder, one, two } = folders();
  expect(findProgram('tool', `${one}:${two}`, folder)).toBe('not_executable');
  writeFileSync(join(two, 'tool'), '');
  chmodSync(join(two, 'tool'), 0o755);
  expect(findProgram('tool', `/missing:${one}:${two}`, folder)).toBe('found');
  expect(findProgram('other', `${one}:${two}`, folder)).toBe('missing');
});

test('an empty entry of PATH is the working folder; a name with a slash is not looked for', () => {
  const { folder, one } = folders();
  chmodSync(join(one, 'tool'), 0o755);
  expect(findProgram('tool', '/missing:', one)).toBe('found');
  expect(findProgram('tool', '/missing', one)).toBe('missing');
  expect(findProgram('one/tool', '', folder)).toBe('found');
  expect(findProgram('./tool', one, folder)).toBe('missing');
});

test('a folder is no program', () => {
  const { folder } = folders();
  expect(findProgram('./one', '', folder)).toBe('not_executable');
});
