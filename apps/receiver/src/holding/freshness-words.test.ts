import { expect, test } from 'vitest';
import { staleWords } from './freshness-words.ts';

const NO_NEWS = { kind: 'stale', reason: 'no_news' } as const;

test.each([
  [200, '200 ms'],
  [1_000, '1 second'],
  [20_000, '20 seconds'],
  [119_000, '119 seconds'],
  [120_000, '2 minutes'],
  [1_800_000, '30 minutes'],
])('after %i ms it has been %s, in every form', (waitedMs, words) => {
  expect(staleWords(NO_NEWS, waitedMs)).toContain(`No new token has come for ${words};`);
  expect(staleWords({ kind: 'stale', reason: 'ending' }, waitedMs)).toContain(`has come for ${words}.`);
  expect(staleWords({ kind: 'none' }, waitedMs)).toContain(`No token has come in ${words} since the start`);
});
