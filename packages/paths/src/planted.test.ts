import { geteuid } from 'node:process';
import { expect, test } from 'vitest';
import { isPerhapsPlanted } from './planted.ts';

const US = geteuid?.() ?? 0;
const [THEM, OTHER] = [54_321, 54_322];

test.each([
  { what: "a stranger's, where anyone may write", uid: THEM, folder: { uid: 0, mode: 0o777 }, planted: true },
  { what: 'the same with the sticky bit', uid: THEM, folder: { uid: 0, mode: 0o1777 }, planted: true },
  { what: "a stranger's, in another stranger's", uid: THEM, folder: { uid: OTHER, mode: 0o777 }, planted: true },
  {
    what: 'of one whom the namespace does not know',
    uid: 65_534,
    folder: { uid: 65_534, mode: 0o1777 },
    planted: US !== 65_534,
  },
  { what: "a stranger's, in a folder of their own", uid: THEM, folder: { uid: THEM, mode: 0o777 }, planted: false },
  { what: "a stranger's, where a group may write", uid: THEM, folder: { uid: 0, mode: 0o775 }, planted: false },
  { what: 'ours', uid: US, folder: { uid: OTHER, mode: 0o777 }, planted: false },
  { what: "root's", uid: 0, folder: { uid: OTHER, mode: 0o777 }, planted: false },
])('perhaps planted: $what: $planted', ({ uid, folder, planted }) => {
  expect(isPerhapsPlanted({ uid }, folder)).toBe(planted);
});

test('a friend is trusted like ourselves, and nobody else is', () => {
  const tmp = { uid: 0, mode: 0o1777 };
  expect(isPerhapsPlanted({ uid: THEM }, tmp, THEM)).toBe(false);
  expect(isPerhapsPlanted({ uid: OTHER }, tmp, THEM)).toBe(true);
});
