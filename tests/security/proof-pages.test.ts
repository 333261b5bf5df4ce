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

test('simulation.md has a run of 10,000 plans, of which none broke a promise', () => {
  const block = longRun('simulation.md');
  expect(figure(block, /^\| plans, of a month each +\| ([\d,]+) /m)).toBeGreaterThanOrEqual(10_000);
  expect(figure(block, /^\| plans that broke one +\| ([\d,]+) /m)).toBe(0);
});

test('chaos.md has a valid run of 30 minutes, in which all promises were kept', () => {
  const block = longRun('chaos.md');
  expect(figure(block, /: ([\d.]+) minutes, \d+ rounds, /)).toBeGreaterThanOrEqual(30);
  expect(block).toContain('All promises were kept.');
});
