import { PassThrough } from 'node:stream';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { readPastes } from './pasted-text.ts';

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

function reading() {
  const input = new PassThrough();
  const told: string[] = [];
  const stop = readPastes(input, {
    onText: (text) => {
      told.push(text);
      return Promise.resolve();
    },
    onEnd: () => void told.push('(end)'),
  });
  return { input, told, stop };
}

test('lines that arrive together are one paste', async () => {
  const { input, told } = reading();
  input.write('https://127.0.0.1:8182/?code=a');
  input.write('b%40&\nstate=c\n');
  await vi.advanceTimersByTimeAsync(100);
  input.write('d\n');
  await vi.advanceTimersByTimeAsync(100);
  expect(told).toEqual([]);
  await vi.advanceTimersByTimeAsync(1_000);
  expect(told).toEqual(['https://127.0.0.1:8182/?code=ab%40&\nstate=c\nd\n']);
  input.write('second\n');
  await vi.advanceTimersByTimeAsync(1_000);
  expect(told).toHaveLength(2);
});

test('what is not ended by a line break is told at the end of the input, before the end is', async () => {
  const { input, told } = reading();
  input.end('no line break');
  await vi.advanceTimersByTimeAsync(0);
  expect(told).toEqual(['no line break', '(end)']);
});

test('empty lines are nothing, and a flood is cut', async () => {
  const { input, told } = reading();
  input.write('\n\n');
  await vi.advanceTimersByTimeAsync(1_000);
  expect(told).toEqual([]);
  for (let round = 0; round < 100; round += 1) input.write('x'.repeat(1_000));
  input.end('\n');
  await vi.advanceTimersByTimeAsync(0);
  expect(told[0]?.length).toBeLessThan(10_000);
});

test('after it is stopped, nothing is told', async () => {
  const { input, told, stop } = reading();
  input.write('late\n');
  await vi.advanceTimersByTimeAsync(10);
  stop();
  await vi.advanceTimersByTimeAsync(1_000);
  expect(told).toEqual([]);
  expect(input.destroyed).toBe(true);
});
