/** How soon a new token is with everyone who follows the events, and what a reader costs. */
import { setTimeout as sleep } from 'node:timers/promises';
import { median, percentile, table } from './figures.ts';
import { startCrowd } from './load/crowd.ts';
import { deliver, message } from './load/deliver.ts';
import type { Findings, Part, Setting } from './part.ts';
import { startReceiver } from './receiver.ts';

const WARM_UP = 5;

export const fanOut: Part = {
  title: 'Readers: from the `OK` to a sender until the new token is, to its last byte, with each reader of the events',
  measure,
};

interface Round {
  readonly p50Ms: number;
  readonly p99Ms: number;
  readonly lastMs: number;
  readonly processorMs: number;
}

async function measure(setting: Setting): Promise<Findings> {
  const { quick } = setting;
  const [rounds, crowds] = quick ? [2, [1, 5_000]] : [25, [1, 10, 100, 1_000, 5_000]];
  const rows: string[][] = [];
  let lastMs = Number.NaN;
  for (const count of crowds) {
    const { samples, perReaderKb } = await measureCrowd(setting, count, rounds);
    const of = (figure: keyof Round) => median(samples.map((round) => round[figure]));
    lastMs = of('lastMs');
    rows.push([
      String(count),
      ...(['p50Ms', 'p99Ms', 'lastMs'] as const).map((figure) => of(figure).toFixed(2)),
      Math.max(...samples.map((round) => round.lastMs)).toFixed(2),
      of('processorMs').toFixed(2),
      // With few readers, the memory is that of the process as it grows older.
      count < 1_000 ? '' : perReaderKb.toFixed(1),
    ]);
  }
  const head = ['readers', 'p50, ms', 'p99, ms', 'the last, ms', 'the last in the worst round, ms'];
  return {
    text: `${table([...head, "receiver's processor time, ms", 'memory a reader, kB'], rows)}\n\nMedians of ${rounds} tokens each.`,
    goals: [
      {
        figure: `a new token is with the last of ${crowds.at(-1)} readers after`,
        rule: 'at most',
        limit: 100,
        unit: 'ms',
        measured: lastMs,
      },
    ],
  };
}

async function measureCrowd(setting: Setting, count: number, rounds: number) {
  const settleMs = setting.quick ? 100 : 2_000;
  const receiver = await startReceiver(setting, { isPinned: true });
  let number = 0;
  for (; number < WARM_UP; number += 1) await deliver(receiver.tokens, message(number));
  await sleep(settleMs);
  const residentMb = receiver.residentMb();
  const crowd = startCrowd(setting.programs.crowd, receiver.api, count, 'readers');
  await crowd.received();
  const samples: Round[] = [];
  for (let round = -WARM_UP; round < rounds; round += 1, number += 1) {
    const processorMs = receiver.processorMs();
    const okUs = await deliver(receiver.tokens, message(number));
    const delaysMs = (await crowd.received()).map((atUs) => (atUs - okUs) / 1_000);
    if (round < 0) continue;
    samples.push({
      p50Ms: median(delaysMs),
      p99Ms: percentile(delaysMs, 0.99),
      lastMs: percentile(delaysMs, 1),
      processorMs: receiver.processorMs() - processorMs,
    });
  }
  await sleep(settleMs);
  const perReaderKb = ((receiver.residentMb() - residentMb) * 1_024) / count;
  await crowd.stop();
  await receiver.stop();
  return { samples, perReaderKb };
}
