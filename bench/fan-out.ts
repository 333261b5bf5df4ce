/** How soon a new token is with everyone who follows the events, and what a reader costs. */
import { mkdtempSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { startCrowd } from './crowd.ts';
import { deliver, message } from './deliver.ts';
import { median, percentile, table } from './figures.ts';
import { startReceiver } from './receiver.ts';

const CROWDS = [1, 100, 5_000];
const ROUNDS = 20;
const WARM_UP = 5;
const SETTLE_MS = 3_000;

export async function fanOut(folder: string, root: string): Promise<string> {
  const rows: string[][] = [];
  for (const count of CROWDS) {
    const receiver = await startReceiver(mkdtempSync(join(folder, 'fan-out-')), root);
    let number = 0;
    for (; number < WARM_UP; number += 1) await deliver(receiver.tokens, message(number));
    await sleep(SETTLE_MS);
    const residentMb = receiver.residentMb();
    const crowd = startCrowd(receiver.api, count, 'readers');
    await crowd.received();
    const rounds: { readonly p50Us: number; readonly p99Us: number; readonly allUs: number }[] = [];
    for (let round = -WARM_UP; round < ROUNDS; round += 1, number += 1) {
      const okUs = await deliver(receiver.tokens, message(number));
      const delaysUs = (await crowd.received()).map((atUs) => atUs - okUs);
      if (round < 0) continue;
      rounds.push({
        p50Us: median(delaysUs),
        p99Us: percentile(delaysUs, 0.99),
        allUs: percentile(delaysUs, 1),
      });
    }
    await sleep(SETTLE_MS);
    const perReaderKb = ((receiver.residentMb() - residentMb) * 1_024) / count;
    await crowd.stop();
    await receiver.stop();
    const ms = (figure: 'p50Us' | 'p99Us' | 'allUs') =>
      (median(rounds.map((round) => round[figure])) / 1_000).toFixed(2);
    // With few readers, the memory is that of the process as it grows older.
    rows.push([String(count), ms('p50Us'), ms('p99Us'), ms('allUs'), count < 1_000 ? '' : perReaderKb.toFixed(1)]);
  }
  return table(['readers', 'p50, ms after `OK`', 'p99, ms', 'the last, ms', 'memory a reader, kB'], rows);
}
