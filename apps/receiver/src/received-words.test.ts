import { expect, test } from 'vitest';
import { expiryWords, notationWords } from './received-words.ts';

const NOW_MS = Date.parse('2026-03-02T10:00:00Z');

test.each([
  [undefined, 'expiry unknown', false],
  [1_000, 'expires in 1 second', false],
  [30_000, 'expires in 30 seconds', false],
  [1_800_000, 'expires in 30 minutes', false],
  [3_600_000, 'expires in 60 minutes', false],
  [0, 'already expired', true],
  [-86_400_000, 'already expired', true],
  [86_400_001, 'expires on 2026-03-03, which is later than any token of Schwab', true],
  [8.64e15 - NOW_MS, 'expires on +275760-09-13, which is later than any token of Schwab', true],
])('a token that expires %s ms from now: %s', (inMs, text, odd) => {
  expect(expiryWords(inMs === undefined ? undefined : NOW_MS + inMs, NOW_MS)).toEqual({ text, odd });
});

test.each([
  ['seconds', ''],
  ['jwt', ''],
  ['none', ''],
  ['milliseconds', ', its expires_at in milliseconds'],
  ['digits', ', its expires_at a string'],
  ['iso8601', ', its expires_at in ISO 8601'],
] as const)('an expiry in %s is said to be%s', (notation, words) => {
  expect(notationWords(notation)).toBe(words);
});
