import { expect, test } from 'vitest';
import { reconnectDelay } from './reconnect.ts';

const nearlyOne = (): number => 0.999_999;

test('the bound doubles from 100 ms to 10 s', () => {
  let attempt = 0;
  const delays: number[] = [];
  for (let count = 0; count < 9; count += 1) {
    const [delayMs, next] = reconnectDelay(attempt, 0, nearlyOne);
    delays.push(delayMs);
    attempt = next;
  }
  expect(delays).toEqual([100, 200, 400, 800, 1_600, 3_200, 6_400, 10_000, 10_000]);
});

test('programs that lost the receiver together do not come back together', () => {
  expect(reconnectDelay(6, 0, () => 0)[0]).toBe(0);
  expect(reconnectDelay(6, 0, () => 0.5)[0]).toBe(3_200);
});

test('after a good connection the next try comes soon; one that was cut off at once does not count', () => {
  expect(reconnectDelay(6, 10_000, nearlyOne)).toEqual([100, 1]);
  expect(reconnectDelay(6, 9_999, nearlyOne)).toEqual([6_400, 7]);
});
