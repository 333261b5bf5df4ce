import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { sleepUntil } from './clock.ts';
import { onTick } from './tick.ts';

beforeEach(() => void vi.useFakeTimers({ now: 1_000_000 }));
afterEach(() => void vi.useRealTimers());

const never = new AbortController().signal;

/** A wall clock that can be moved without the timers moving, as suspend and ntp do. */
function movableClock(): { nowMs: () => number; move: (byMs: number) => void } {
  let offsetMs = 0;
  return { nowMs: () => Date.now() + offsetMs, move: (byMs) => (offsetMs += byMs) };
}

test('resolves with due at the moment, and not before', async () => {
  const settled = vi.fn();
  void sleepUntil(1_000_000 + 70_000, { signal: never }).then(settled);
  await vi.advanceTimersByTimeAsync(69_999);
  expect(settled).not.toHaveBeenCalled();
  await vi.advanceTimersByTimeAsync(1);
  expect(settled).toHaveBeenCalledExactlyOnceWith('due');
});

test('a moment that has passed is due at once, without a timer', async () => {
  expect(await sleepUntil(5, { signal: never })).toBe('due');
  expect(vi.getTimerCount()).toBe(0);
});

test('a clock that jumps ahead, as after suspend, costs at most one piece', async () => {
  const clock = movableClock();
  const settled = vi.fn();
  void sleepUntil(1_000_000 + 3_600_000, { signal: never, nowMs: clock.nowMs }).then(settled);
  await vi.advanceTimersByTimeAsync(1000);
  clock.move(3_600_000);
  await vi.advanceTimersByTimeAsync(29_000);
  expect(settled).toHaveBeenCalledExactlyOnceWith('due');
});

test('a clock that is set back makes the wait longer', async () => {
  const clock = movableClock();
  const settled = vi.fn();
  void sleepUntil(1_000_000 + 40_000, { signal: never, nowMs: clock.nowMs }).then(settled);
  clock.move(-60_000);
  await vi.advanceTimersByTimeAsync(99_999);
  expect(settled).not.toHaveBeenCalled();
  await vi.advanceTimersByTimeAsync(1);
  expect(settled).toHaveBeenCalledExactlyOnceWith('due');
});

test('a moment too far away for one timer is no problem', async () => {
  const settled = vi.fn();
  const stop = new AbortController();
  void sleepUntil(Number.MAX_SAFE_INTEGER, { signal: stop.signal }).then(settled);
  await vi.advanceTimersByTimeAsync(60_000);
  expect(settled).not.toHaveBeenCalled();
  stop.abort();
});

test('each piece is told, with one timer at a time', async () => {
  const onPiece = vi.fn();
  void sleepUntil(1_000_000 + 100_000, { signal: never, pieceMs: 10_000, onPiece });
  expect(onPiece).toHaveBeenCalledTimes(1);
  await vi.advanceTimersByTimeAsync(35_000);
  expect(onPiece).toHaveBeenCalledTimes(4);
  expect(vi.getTimerCount()).toBe(1);
});

test('a piece ends with the tick of all other looks, which wakes the process up once', async () => {
  const stop = new AbortController();
  const calls: string[] = [];
  onTick(() => void calls.push(`look ${Date.now()}`), stop.signal);
  await vi.advanceTimersByTimeAsync(12_000);
  const onPiece = () => void calls.push(`piece ${Date.now()}`);
  void sleepUntil(1_000_000 + 100_000, { signal: stop.signal, onPiece });
  expect(vi.getTimerCount()).toBe(1);
  await vi.advanceTimersByTimeAsync(18_000);
  expect(calls).toEqual(['piece 1012000', 'look 1030000', 'piece 1030000']);
  stop.abort();
});

test('an abort ends the wait at once and leaves no timer', async () => {
  const stop = new AbortController();
  const sleeping = sleepUntil(Number.MAX_SAFE_INTEGER, { signal: stop.signal });
  stop.abort();
  expect(await sleeping).toBe('aborted');
  expect(vi.getTimerCount()).toBe(0);
  expect(await sleepUntil(0, { signal: stop.signal })).toBe('aborted');
});
