import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { Deadlines } from './deadlines.ts';

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

function rig(afterMs = 100): { deadlines: Deadlines<string>; passed: string[]; nowMs: () => number } {
  const passed: string[] = [];
  const startMs = Date.now();
  const nowMs = (): number => Date.now() - startMs;
  return { deadlines: new Deadlines(afterMs, nowMs, (value) => passed.push(`${value} at ${nowMs()}`)), passed, nowMs };
}

test('each deadline passes in its time, and one timer serves them all', () => {
  const { deadlines, passed, nowMs } = rig();
  for (const value of ['a', 'b', 'c']) {
    deadlines.set(value, nowMs());
    vi.advanceTimersByTime(30);
  }
  expect(vi.getTimerCount()).toBe(1);
  vi.advanceTimersByTime(1000);
  expect(passed).toEqual(['a at 100', 'b at 130', 'c at 160']);
});

test('one that is renewed counts from then, also when it has passed, and one that is cleared never passes', () => {
  const { deadlines, passed, nowMs } = rig();
  const renewed = deadlines.set('renewed', nowMs());
  const cleared = deadlines.set('cleared', nowMs());
  vi.advanceTimersByTime(60);
  deadlines.renew(renewed, nowMs());
  deadlines.clear(cleared);
  deadlines.clear(cleared);
  vi.advanceTimersByTime(1000);
  expect(passed).toEqual(['renewed at 160']);
  deadlines.renew(renewed, nowMs());
  expect(deadlines.values()).toEqual(['renewed']);
  vi.advanceTimersByTime(1000);
  expect(passed).toEqual(['renewed at 160', 'renewed at 1160']);
});

test('no timer fires for nothing: there is none without a deadline', () => {
  const { deadlines, nowMs } = rig();
  expect(vi.getTimerCount()).toBe(0);
  deadlines.clear(deadlines.set('a', nowMs()));
  expect(vi.getTimerCount()).toBe(0);
  deadlines.set('b', nowMs());
  vi.advanceTimersByTime(100);
  expect(vi.getTimerCount()).toBe(0);
  expect(deadlines.values()).toEqual([]);
});

test('what passes may set, renew and clear others', () => {
  const passed: string[] = [];
  const deadlines = new Deadlines<string>(100, Date.now, (value) => {
    passed.push(value);
    if (value !== 'first') return;
    deadlines.clear(second);
    deadlines.set('third', Date.now());
  });
  deadlines.set('first', Date.now());
  const second = deadlines.set('second', Date.now() + 1);
  vi.advanceTimersByTime(150);
  expect(passed).toEqual(['first']);
  expect(vi.getTimerCount()).toBe(1);
  vi.advanceTimersByTime(50);
  expect(passed).toEqual(['first', 'third']);
  expect(vi.getTimerCount()).toBe(0);
});

test('a timer that is early passes nothing before its time', () => {
  let nowMs = 0;
  const passed: string[] = [];
  const deadlines = new Deadlines<string>(
    100,
    () => nowMs,
    (value) => passed.push(value),
  );
  deadlines.set('a', nowMs);
  nowMs = 99.4;
  vi.advanceTimersByTime(100);
  expect(passed).toEqual([]);
  nowMs = 100;
  vi.advanceTimersByTime(1);
  expect(passed).toEqual(['a']);
});
