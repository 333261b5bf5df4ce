/** The pages in docs/proof hold the long run that they promise, as its program printed it. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';

/** The block under the heading, without the marks for whoever pastes it. */
function longRun(page: string): string {
  const text = readFileSync(join(import.meta.dirname, '../../docs/proof', page), 'utf8');
  const [, block = ''] = text.split('\n## The last long run\n');
  return block.replaceAll(/<!--.*?-->/gs, '').trim();
}

/** Thousands may have a space or a comma. */
const figure = (block: string, pattern: RegExp): number => Number(pattern.exec(block)?.[1]?.replaceAll(/[ ,]/g, ''));

test('fuzz.md has a run of a million inputs, in which nothing was found', () => {
  const block = longRun('fuzz.md');
  expect(figure(block, /\*\*([\d ]+) inputs in /)).toBeGreaterThanOrEqual(1_000_000);
  expect(block).toContain('nothing found.**');
});

test('simulation.md has a run of 10,000 plans, and of those that broke a promise each was run again when that was mended', () => {
  const block = longRun('simulation.md');
  expect(figure(block, /^\| plans, of a month each +\| ([\d,]+) /m)).toBeGreaterThanOrEqual(10_000);
  const again = /each was run again .* none broke one then: ([\d, ]+)\./.exec(block)?.[1]?.split(', ') ?? [];
  expect(figure(block, /^\| plans that broke one +\| ([\d,]+) /m)).toBe(again.length);
});

test('chaos.md has a run of half an hour in which all promises were kept', () => {
  const block = longRun('chaos.md');
  expect(figure(block, /: ([\d.]+) minutes, \d+ rounds, /)).toBeGreaterThanOrEqual(30);
  expect(block).toContain('All promises were kept.');
});

test('cluster.md has a run of 100 periods in which all promises were kept', () => {
  const block = longRun('cluster.md');
  expect(figure(block, /: (\d+) periods of/)).toBeGreaterThanOrEqual(100);
  expect(block).toContain('All promises were kept.');
});
