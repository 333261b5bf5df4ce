import type { Rejection } from '@token-relay/socket';
import { expect, test, vi } from 'vitest';
import { RefusalLog } from './refusal-log.ts';

function refusals() {
  const log = { debug: vi.fn(), info: vi.fn(), warn: vi.fn(), error: vi.fn() };
  return { log, refusals: new RefusalLog(log) };
}
const badJson: Rejection = { code: 'bad_json', detail: 'the message is not valid JSON', from: 'unix' };
const tooLarge: Rejection = { code: 'too_large', detail: 'more than 8192 bytes', from: 'tcp' };

test('a client that keeps sending nonsense is a warning once a minute, and every time in the counts', () => {
  const { log, refusals: seen } = refusals();
  for (let ms = 0; ms < 60_000; ms += 100) seen.add(badJson, ms);
  expect(log.warn).toHaveBeenCalledTimes(1);
  expect(log.warn).toHaveBeenCalledWith(
    expect.stringContaining('A message over unix was refused (bad_json): the message is not valid JSON'),
    { code: 'bad_json', from: 'unix' },
  );
  expect(log.debug).toHaveBeenCalledTimes(599);
  seen.add(badJson, 60_000);
  expect(log.warn).toHaveBeenCalledTimes(2);
  expect(seen.counts).toEqual({ bad_json: 601 });
});

test('another refusal has a warning of its own', () => {
  const { log, refusals: seen } = refusals();
  seen.add(badJson, 0);
  seen.add(tooLarge, 1);
  expect(log.warn).toHaveBeenCalledTimes(2);
  expect(seen.counts).toEqual({ bad_json: 1, too_large: 1 });
});

test('a clock that was set back does not silence warnings for longer', () => {
  const { log, refusals: seen } = refusals();
  seen.add(badJson, 10_000_000);
  seen.add(badJson, 1_000);
  expect(log.warn).toHaveBeenCalledTimes(2);
});

test.each(['connection_lost', 'empty'] as const)('%s is counted, and nobody is warned', (code) => {
  const { log, refusals: seen } = refusals();
  seen.add({ ...badJson, code }, 0);
  expect(log.warn).not.toHaveBeenCalled();
  expect(seen.counts).toEqual({ [code]: 1 });
});
