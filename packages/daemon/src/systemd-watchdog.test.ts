import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { feedWatchdogWhile } from './systemd-watchdog.ts';

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

test('the watchdog is fed at its interval while all is well, and starves when it is not', () => {
  const pet = vi.fn();
  const stop = new AbortController();
  let well = true;
  feedWatchdogWhile({ intervalMs: 15_000, pet }, () => well, stop.signal);
  vi.advanceTimersByTime(45_000);
  expect(pet).toHaveBeenCalledTimes(3);
  well = false;
  vi.advanceTimersByTime(60_000);
  expect(pet).toHaveBeenCalledTimes(3);
  well = true;
  vi.advanceTimersByTime(15_000);
  expect(pet).toHaveBeenCalledTimes(4);
  stop.abort();
  expect(vi.getTimerCount()).toBe(0);
});

test.each([
  ['without a watchdog', undefined, false],
  ['once it is over', 15_000, true],
])('%s there is no timer', (_when, intervalMs, isOver) => {
  feedWatchdogWhile(
    { intervalMs, pet: vi.fn() },
    () => true,
    isOver ? AbortSignal.abort() : new AbortController().signal,
  );
  expect(vi.getTimerCount()).toBe(0);
});
