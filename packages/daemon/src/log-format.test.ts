import fc from 'fast-check';
import { expect, test } from 'vitest';
import { cutMessage, formatTextLine, journalPrefix, oneLine } from './log-format.ts';

test('a text line has local time, level and message', () => {
  const atMs = new Date(2025, 10, 13, 8, 44, 23).getTime();
  const message = 'Token refreshed successfully (expires in 30 minutes)';
  expect(formatTextLine({ level: 'info', message, atMs })).toBe(
    '[2025-11-13 08:44:23] INFO: Token refreshed successfully (expires in 30 minutes)',
  );
});

test.each([
  ['error', '<3>'],
  ['warn', '<4>'],
  ['info', '<6>'],
  ['debug', '<7>'],
] as const)('%s has the priority %s on the journal', (level, prefix) => {
  expect(journalPrefix(level)).toBe(prefix);
});

test('what could forge a line or steer a terminal becomes its escape', () => {
  expect(oneLine('a\nb\r\tc\u001b[2J\u0000\u0085\u2028\u202ed')).toBe(
    'a\\nb\\r\\tc\\u001b[2J\\u0000\\u0085\\u2028\\u202ed',
  );
});

test('any text becomes one line, for every reader of lines', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary' }), (text) => {
      expect(oneLine(text)).not.toMatch(/[\p{Cc}\p{Zl}\p{Zp}]/u);
      expect(oneLine(oneLine(text))).toBe(oneLine(text));
    }),
  );
});

test('JSON stays the same JSON', () => {
  fc.assert(
    fc.property(fc.json(), (json) => {
      const compact = JSON.stringify(JSON.parse(json));
      expect(JSON.parse(oneLine(compact))).toEqual(JSON.parse(json));
    }),
  );
});

test('a message is cut at 8192 characters', () => {
  expect(cutMessage('x'.repeat(8192))).toHaveLength(8192);
  expect(cutMessage('x'.repeat(10_000))).toBe(`${'x'.repeat(8192)}… (1808 more characters)`);
});
