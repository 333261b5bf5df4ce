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
  onTick(note('first'), stop.signal, 30_000);
  await vi.advanceTimersByTimeAsync(12_000);
  onTick(note('second'), stop.signal, 30_000);
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
  onTick(tell, one.signal, 1_000);
  onTick(tell, other.signal, 1_000);
  one.abort();
  await vi.advanceTimersByTimeAsync(1_000);
  expect(tell).toHaveBeenCalledTimes(1);
  other.abort();
  expect(vi.getTimerCount()).toBe(0);
  const again = new AbortController();
  onTick(tell, again.signal, 1_000);
  await vi.advanceTimersByTimeAsync(1_000);
  expect(tell).toHaveBeenCalledTimes(2);
  again.abort();
});

test('an aborted signal sets no timer', async () => {
  onTick(() => undefined, AbortSignal.abort(), 1_000);
  await nextTick(AbortSignal.abort(), 1_000);
  expect(vi.getTimerCount()).toBe(0);
});

test('a wait for the next tick ends with it, and leaves nothing behind', async () => {
  const stop = new AbortController();
  onTick(() => undefined, stop.signal, 1_000);
  await vi.advanceTimersByTimeAsync(600);
  const ended = vi.fn();
  void nextTick(stop.signal, 1_000).then(ended);
  await vi.advanceTimersByTimeAsync(399);
  expect(ended).not.toHaveBeenCalled();
  await vi.advanceTimersByTimeAsync(1);
  expect(ended).toHaveBeenCalledOnce();
  stop.abort();
});

test('a wait for the next tick ends at once when it is aborted', async () => {
  const stop = new AbortController();
  const wait = nextTick(stop.signal, 1_000);
  stop.abort();
  await wait;
});
