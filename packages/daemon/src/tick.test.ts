import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { nextTick, onTick } from './tick.ts';

beforeEach(() => void vi.useFakeTimers());
afterEach(() => {
  const left = vi.getTimerCount();
  vi.useRealTimers();
  expect(left).toBe(0);
});

test('all listeners of a period wake the process together, whenever they came', async () => {
  const stop = new AbortController();
  const calls: string[] = [];
  const note = (name: string) => () => void calls.push(`${name} ${performance.now()}`);
  const startedAt = performance.now();
  onTick(30_000, note('first'), stop.signal);
  await vi.advanceTimersByTimeAsync(12_000);
  onTick(30_000, note('second'), stop.signal);
  expect(vi.getTimerCount()).toBe(1);
  await vi.advanceTimersByTimeAsync(18_000);
  const at = startedAt + 30_000;
  expect(calls).toEqual([`first ${at}`, `second ${at}`]);
  await vi.advanceTimersByTimeAsync(30_000);
  expect(calls).toHaveLength(4);
  stop.abort();
});

test('the timer goes with the last listener, and comes again with the next', async () => {
  const [one, other] = [new AbortController(), new AbortController()];
  const tell = vi.fn();
  onTick(1_000, tell, one.signal);
  onTick(1_000, tell, other.signal);
  one.abort();
  await vi.advanceTimersByTimeAsync(1_000);
  expect(tell).toHaveBeenCalledTimes(1);
  other.abort();
  expect(vi.getTimerCount()).toBe(0);
  const again = new AbortController();
  onTick(1_000, tell, again.signal);
  await vi.advanceTimersByTimeAsync(1_000);
  expect(tell).toHaveBeenCalledTimes(2);
  again.abort();
});

test('an aborted signal sets no timer', async () => {
  onTick(1_000, () => undefined, AbortSignal.abort());
  await nextTick(1_000, AbortSignal.abort());
  expect(vi.getTimerCount()).toBe(0);
});

test('a wait for the next tick ends with it, and leaves nothing behind', async () => {
  const stop = new AbortController();
  onTick(1_000, () => undefined, stop.signal);
  await vi.advanceTimersByTimeAsync(600);
  const ended = vi.fn();
  void nextTick(1_000, stop.signal).then(ended);
  await vi.advanceTimersByTimeAsync(399);
  expect(ended).not.toHaveBeenCalled();
  await vi.advanceTimersByTimeAsync(1);
  expect(ended).toHaveBeenCalledOnce();
  stop.abort();
});

test('a wait for the next tick ends at once when it is aborted', async () => {
  const stop = new AbortController();
  const wait = nextTick(1_000, stop.signal);
  stop.abort();
  await wait;
});
