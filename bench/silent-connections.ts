/** A sender's message beside thousands of connections that say nothing. */
import { median, percentile, table } from './figures.ts';
import { startCrowd } from './load/crowd.ts';
import { deliver, message } from './load/deliver.ts';
import type { Findings, Part, Setting } from './part.ts';
import { startReceiver } from './receiver.ts';

const SILENT = 10_000;
/** Longer than it takes to measure: the silent ones stay. */
const PATIENT = ['--receive-timeout=10m', `--max-connections=${SILENT + 100}`];

export const silentConnections: Part = {
  title: 'Silent connections: one message after the other beside connections that send nothing, all of them held',
  measure,
};

async function measure(setting: Setting): Promise<Findings> {
  const messages = setting.quick ? 200 : 2_000;
  const rows: string[][] = [];
  for (const count of [0, SILENT]) {
    const receiver = await startReceiver(setting, { flags: PATIENT, isPinned: true });
    const crowd = startCrowd(setting.programs.crowd, receiver.tokens, count, 'silent');
    await crowd.connected();
    const tookMs: number[] = [];
    for (let number = -200; number < messages; number += 1) {
      const at = performance.now();
      await deliver(receiver.tokens, message(number));
      if (number >= 0) tookMs.push(performance.now() - at);
    }
    await crowd.stop();
    await receiver.stop();
    const figures = [median(tookMs), percentile(tookMs, 0.99), percentile(tookMs, 1)];
    rows.push([String(count), ...figures.map((ms) => ms.toFixed(2))]);
  }
  const head = ['silent connections', 'p50, ms', 'p99, ms', 'the longest, ms'];
  return { text: `${table(head, rows)}\n\n${messages} messages each, the time of a client in Node included.` };
}
