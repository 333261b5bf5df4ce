/** A sender's message beside thousands of connections that say nothing. */
import { mkdtempSync } from 'node:fs';
import { join } from 'node:path';
import { startCrowd } from './crowd.ts';
import { deliver, message } from './deliver.ts';
import { median, percentile, table } from './figures.ts';
import { startReceiver } from './receiver.ts';

const SILENT = 10_000;
const MESSAGES = 2_000;
/** Longer than it takes to measure: the silent ones stay. */
const PATIENT = ['--receive-timeout=10m', `--max-connections=${SILENT + 100}`];

export async function silentConnections(folder: string, root: string): Promise<string> {
  const rows: string[][] = [];
  for (const count of [0, SILENT]) {
    const receiver = await startReceiver(mkdtempSync(join(folder, 'silent-')), root, PATIENT);
    const crowd = startCrowd(receiver.tokens, count, 'silent');
    if (count > 0) await crowd.connected();
    const tookMs: number[] = [];
    for (let number = -200; number < MESSAGES; number += 1) {
      const at = performance.now();
      await deliver(receiver.tokens, message(number));
      if (number >= 0) tookMs.push(performance.now() - at);
    }
    await crowd.stop();
    await receiver.stop();
    const figures = [median(tookMs), percentile(tookMs, 0.99), percentile(tookMs, 1)];
    rows.push([String(count), ...figures.map((ms) => ms.toFixed(2))]);
  }
  return table(['silent connections', 'p50, ms', 'p99, ms', 'the longest, ms'], rows);
}
