/** What memory a daemon gives back: V8 says when it collects garbage, and what for. */
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { Bench } from './processes.ts';

const bundle = join(import.meta.dirname, '../../apps/sender/bundle/main.cjs');
/** So V8 calls a collection that was asked for. */
const ASKED_FOR = /Mark-Compact .* testing; /;
const REFRESHED = /Token refreshed successfully/;

test('what the start and what a refresh needed is given back soon after it', async () => {
  await using bench = await Bench.make();
  const through = ['sh', '-c', `exec node --trace-gc ${bundle} "$@"`];
  const sender = bench.start('token-refresh-sender', ['run', ...bench.senderArguments()], { through });
  await sender.line(ASKED_FOR);
  expect(sender.count(REFRESHED)).toBe(0);
  expect((await bench.senderCommand('refresh')).code).toBe(0);
  await sender.line(REFRESHED);
  const refreshed = sender.lines.findIndex((line) => REFRESHED.test(line));
  await sender.line(ASKED_FOR, refreshed);
});
