/** `npm run bench` in two minutes: that every figure can still be measured. What the figures are passes or fails nothing here. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { firstAfter } from '../../bench/answers.ts';
import { percentile, table } from '../../bench/figures.ts';
import { goalsTable, isReached } from '../../bench/goals.ts';

const root = join(import.meta.dirname, '../..');
/** For a machine with other work. */
const LONGEST_MS = 400_000;

async function bench(...args: readonly string[]): Promise<{ readonly code: unknown; readonly printed: string }> {
  const program = spawn(process.execPath, ['--conditions=source', join(root, 'bench/main.ts'), ...args], {
    cwd: root,
    stdio: ['ignore', 'pipe', 'pipe'],
    timeout: LONGEST_MS,
  });
  let printed = '';
  for (const stream of [program.stdout, program.stderr])
    stream.on('data', (chunk: Buffer) => (printed += chunk.toString()));
  const [code] = (await once(program, 'close')) as unknown[];
  return { code, printed };
}

test('every part of the bench measures every figure', { timeout: LONGEST_MS + 10_000 }, async () => {
  const { code, printed } = await bench('--quick');
  expect(code, printed).toBe(0);
  expect(printed.match(/^## /gm), printed).toHaveLength(13);
  expect(printed).not.toMatch(/NaN|undefined|Infinity/);
});

test('a part that is not there is named, with those that are', async () => {
  const { code, printed } = await bench('--quick', 'ingset');
  expect(code).toBe(2);
  expect(printed).toContain('There is no part "ingset"');
  expect(printed).toContain('ingest, token-reads');
});

test.each([
  ['at most', 5, true],
  ['at most', 5.1, false],
  ['at least', 5, true],
  ['at least', 4.9, false],
  ['under', 5, false],
  ['under', 4.9, true],
  ['at most', Number.NaN, false],
] as const)('a goal of %s 5 with %d measured: %s', (rule, measured, reached) => {
  expect(isReached({ figure: 'made up', rule, limit: 5, measured })).toBe(reached);
});

test('what is not reached says by how much', () => {
  expect(goalsTable([{ figure: 'made up', rule: 'at most', limit: 2, measured: 3 }])).toContain('no, by 50.0 %');
});

test('a table is as prettier lays it out', () => {
  expect(table(['a', 'long'], [['wide', '1']])).toBe('| a    | long |\n| ---- | ---- |\n| wide | 1    |');
});

test('the percentiles of a list are values of it', () => {
  expect([0, 0.5, 0.99, 1].map((fraction) => percentile([4, 1, 3, 2], fraction))).toEqual([1, 3, 4, 4]);
});

test('an answer that nobody was told of counts until the next one was told, and is an error if none was', () => {
  expect(firstAfter([10, 20, 30], [5, 11, 33])).toEqual([11, 33, 33]);
  expect(() => firstAfter([10, 20], [5, 12])).toThrow('answer 2 of 2');
});
