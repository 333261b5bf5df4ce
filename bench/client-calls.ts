/** What the client's `getAccessToken()` costs an application, beside a plain property read. */
import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { median, table } from './figures.ts';
import { deliver, message } from './load/deliver.ts';
import type { Findings, Part, Setting } from './part.ts';
import { startReceiver } from './receiver.ts';

export const clientCalls: Part = {
  title: 'The client for Node: `getAccessToken()` of a token that is held',
  measure,
};

/** ns for one call; a figure for each round */
export type CallCosts = Readonly<Record<(typeof CALLS)[number]['name'], readonly number[]>>;

const CALLS = [
  { name: 'read', text: 'a property of an object: `held.token`' },
  { name: 'dateNow', text: '`Date.now()`' },
  { name: 'current', text: '`client.currentToken()`' },
  { name: 'call', text: '`client.getAccessToken()`' },
  { name: 'awaitPromise', text: '`await` of a promise that is kept' },
  { name: 'awaitCall', text: '`await client.getAccessToken()`' },
] as const;

async function measure(setting: Setting): Promise<Findings> {
  const [rounds, calls] = setting.quick ? [3, 50_000] : [21, 1_000_000];
  const receiver = await startReceiver(setting);
  await deliver(receiver.tokens, message(1));
  const { stdout } = await promisify(execFile)(process.execPath, [
    '--conditions=source',
    join(setting.root, 'bench/client-calls-process.ts'),
    ...[receiver.api, rounds, calls].map(String),
  ]);
  await receiver.stop();
  const costs = JSON.parse(stdout) as CallCosts;
  const rows = CALLS.map(({ name, text }) => [
    text,
    median(costs[name]).toFixed(1),
    (Math.min(...costs[name]) || 0).toFixed(1),
  ]);
  return {
    text: `${table(['what', 'ns', 'ns in the best round'], rows)}\n\n${rounds} rounds of ${calls} calls each, the loop around them included.`,
  };
}
