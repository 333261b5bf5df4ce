import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { NewestWriter, type WriteOutcome } from './newest-writer.ts';

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

const WRITTEN = { kind: 'written' } as const;
const FULL = { kind: 'failed', reason: 'the disk is full' } as const;

/** A place whose answers come when the test gives them; `random` makes every pause the longest. */
function place() {
  const attempts: { value: number; answer: (outcome: WriteOutcome) => Promise<void> }[] = [];
  const told: string[] = [];
  const writer = new NewestWriter<number>({
    write: (value) =>
      new Promise((resolve) => {
        const answer = async (outcome: WriteOutcome) => {
          resolve(outcome);
          await vi.advanceTimersByTimeAsync(0);
        };
        attempts.push({ value, answer });
      }),
    onFailing: (reason) => told.push(reason),
    onRecovered: () => told.push('recovered'),
    random: () => 0.999_999,
  });
  const put = async (value: number) => {
    writer.put(value);
    await vi.advanceTimersByTimeAsync(0);
  };
  const answer = async (outcome: WriteOutcome) => attempts.at(-1)?.answer(outcome);
  return { writer, put, answer, told, values: () => attempts.map(({ value }) => value) };
}

test('one attempt at a time, and of what comes meanwhile the newest is next', async () => {
  const { put, answer, values, writer } = place();
  for (const value of [1, 2, 3]) await put(value);
  expect(values()).toEqual([1]);
  await answer(WRITTEN);
  expect(values()).toEqual([1, 3]);
  await answer({ kind: 'unchanged' });
  expect(values()).toEqual([1, 3]);
  expect(writer.report()).toMatchObject({ state: 'ok', writes: 1, failures: 0 });
  expect(vi.getTimerCount()).toBe(0);
});

test('a failed attempt is repeated after 1 s, 2 s, 4 s … 60 s, and both changes are told once', async () => {
  const { put, answer, values, told, writer } = place();
  await put(1);
  for (const [index, pauseMs] of [1_000, 2_000, 4_000, 8_000, 16_000, 32_000, 60_000, 60_000].entries()) {
    await answer(FULL);
    await vi.advanceTimersByTimeAsync(pauseMs - 1);
    expect(values()).toHaveLength(index + 1);
    await vi.advanceTimersByTimeAsync(1);
    expect(values()).toHaveLength(index + 2);
  }
  expect(told).toEqual(['the disk is full']);
  expect(writer.report()).toMatchObject({ state: 'failing', reason: 'the disk is full', writes: 0, failures: 8 });
  await answer(WRITTEN);
  expect(told).toEqual(['the disk is full', 'recovered']);
  expect(writer.report()).toMatchObject({ state: 'ok', writes: 1, failures: 8 });
  expect(writer.report()).not.toHaveProperty('reason');
});

test('a value that comes during a failing attempt is not lost to the one that failed', async () => {
  const { put, answer, values } = place();
  await put(1);
  await put(2);
  await answer(FULL);
  await vi.advanceTimersByTimeAsync(1_000);
  expect(values()).toEqual([1, 2]);
});

test('closing makes the last attempt at once, and only one', async () => {
  const { put, answer, values, writer } = place();
  await put(1);
  await answer(FULL);
  const closed = writer.close();
  await vi.advanceTimersByTimeAsync(0);
  expect(values()).toEqual([1, 1]);
  await answer(FULL);
  await closed;
  await put(2);
  await vi.advanceTimersByTimeAsync(100_000);
  expect(values()).toEqual([1, 1]);
  expect(vi.getTimerCount()).toBe(0);
});

test('closing brings the newest, also when an earlier one is just failing', async () => {
  const { put, answer, values, writer } = place();
  await put(1);
  await put(2);
  const closed = writer.close();
  await answer(FULL);
  expect(values()).toEqual([1, 2]);
  await answer(WRITTEN);
  await closed;
});

test('closing is held up for two seconds at most by a place that does not answer', async () => {
  const { put, writer } = place();
  await put(1);
  let isClosed = false;
  void writer.close().then(() => (isClosed = true));
  await vi.advanceTimersByTimeAsync(1_999);
  expect(isClosed).toBe(false);
  await vi.advanceTimersByTimeAsync(1);
  expect(isClosed).toBe(true);
});

test('a fault of ours is a failure like any other, and what it says is not repeated', async () => {
  const told: string[] = [];
  const writer = new NewestWriter<string>({
    write: (value) => Promise.reject(new TypeError(`cannot write ${value}`)),
    onFailing: (reason) => told.push(reason),
    onRecovered: () => undefined,
  });
  writer.put('made-up-token');
  await writer.close();
  expect(told).toEqual(['it was lost (TypeError)']);
});
