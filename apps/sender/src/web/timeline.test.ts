import { expect, test } from 'vitest';
import { Timeline, TIMELINE_SIZE, withEvent, type TimelineEvent } from './timeline.ts';

const failed = (atMs: number, text = 'no network'): TimelineEvent => ({ atMs, kind: 'refresh_failed', text });
const refreshed = (atMs: number): TimelineEvent => ({ atMs, kind: 'refreshed', text: 'Refreshed' });

test('the newest event comes first, and the oldest is forgotten when there are too many', () => {
  const timeline = new Timeline();
  for (let atMs = 0; atMs < TIMELINE_SIZE + 10; atMs += 1) timeline.add(refreshed(atMs));
  expect(timeline.events()).toHaveLength(TIMELINE_SIZE);
  expect(timeline.events()[0]?.atMs).toBe(TIMELINE_SIZE + 9);
  expect(timeline.events().at(-1)?.atMs).toBe(10);
});

test('a problem that comes again and again is counted, with its first and last time, and pushes nothing out', () => {
  const events = [failed(2), failed(3), failed(4)].reduce(withEvent, [refreshed(1)]);
  expect(events).toEqual([{ ...failed(4), repeated: { times: 3, sinceMs: 2 } }, refreshed(1)]);
});

test.each<[string, TimelineEvent[]]>([
  ['another problem', [failed(1), failed(2, 'HTTP 500')]],
  ['the same problem after something else', [failed(1), refreshed(2), failed(3)]],
  ['a success, each time', [refreshed(1), refreshed(2)]],
])('%s is an event of its own', (_name, given) => {
  expect(given.reduce<readonly TimelineEvent[]>(withEvent, [])).toEqual(given.toReversed());
});
