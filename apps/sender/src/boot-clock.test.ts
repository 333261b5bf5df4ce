import { expect, test } from 'vitest';
import { bootClock } from './boot-clock.ts';

const HOUR = 3_600_000;

function machine(): { runningMs: number; suspendedMs: number; bootMs: () => number } {
  const at = { runningMs: 0, suspendedMs: 0 };
  const uptimeMs = () => Math.floor((5_000_700 + at.runningMs + at.suspendedMs) / 1_000) * 1_000;
  return Object.assign(at, { bootMs: bootClock(() => at.runningMs, uptimeMs) });
}

test('goes on while the machine is suspended, to the second', () => {
  const at = machine();
  at.suspendedMs += HOUR;
  expect(Math.abs(at.bootMs() - HOUR)).toBeLessThanOrEqual(1_000);
});

test('goes on by the millisecond, though the uptime comes in whole seconds', () => {
  const at = machine();
  for (const suspendedMs of [0, HOUR]) {
    at.suspendedMs = suspendedMs;
    const before = at.bootMs();
    const runningMs = at.runningMs;
    for (let step = 0; step < 5_000; step += 7) {
      at.runningMs = runningMs + step;
      expect(at.bootMs() - before).toBe(step);
    }
  }
});

test('many short suspends are seen in the end', () => {
  const at = machine();
  for (let time = 0; time < 60; time += 1) {
    at.runningMs += 10_000;
    at.suspendedMs += 900;
    at.bootMs();
  }
  expect(Math.abs(at.bootMs() - 654_000)).toBeLessThanOrEqual(3_000);
});
