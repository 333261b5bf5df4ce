import { expect, test } from 'vitest';
import { nearest } from './nearest.ts';

const known = ['token_file', 'token_url', 'refresh_interval', 'log_level'];

test.each([
  ['tokn_file', 'token_file'],
  ['TOKEN_FILE', 'token_file'],
  ['refreshinterval', 'refresh_interval'],
  ['log-level', 'log_level'],
  ['unrelated', undefined],
  ['x'.repeat(100_000), undefined],
])('the nearest known name to %.20s is %s', (word, expected) => {
  expect(nearest(word, known)).toBe(expected);
});
