/** A million messages: whether the memory stays what it was. */
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { table } from './figures.ts';
import { runLoad } from './load/load.ts';
import type { Findings, Part, Setting } from './part.ts';
import { startReceiver } from './receiver.ts';
import { startProcess, type ServerProcess } from './server-process.ts';

const CONCURRENCY = 64;
const STEPS = 10;
const SETTLE_MS = 1_000;

export const million: Part = { title: 'A million messages: memory of the receiver as they pass', measure };

async function measure(setting: Setting): Promise<Findings> {
  const { folder, root, quick } = setting;
  const total = quick ? 10_000 : 1_000_000;
  const path = join(folder, 'million-bare.sock');
  const bare = await startProcess(process.execPath, [join(root, 'bench/servers/bare-node.cjs'), path], /ready/, {
    cwd: folder,
    isPinned: true,
  });
  const ofBare = await course(setting, bare, path, total);
  await bare.stop();
  const receiver = await startReceiver(setting, { isPinned: true });
  const ofReceiver = await course(setting, receiver, receiver.tokens, total);
  await receiver.stop();
  const row = (name: string, { residentMb, descriptors }: Course) => [
    name,
    (at(residentMb, 10) / at(residentMb, 5)).toFixed(2),
    (at(residentMb, 10) / at(ofBare.residentMb, 10)).toFixed(2),
    ...[0, 1, 5, 10].map((step) => at(residentMb, step).toFixed(1)),
    `${descriptors[0]}, ${descriptors[1]}`,
  ];
  const head = ['server', 'at the end ÷ half-way', 'at the end ÷ bare'];
  const moments = ['MB before', 'MB after 10 %', 'MB after 50 %', 'MB after 100 %', 'descriptors before, after'];
  return {
    text: `${table([...head, ...moments], [row('bare Node server', ofBare), row('token-receiver', ofReceiver)])}\n\nOnce each: ${total} messages, ${CONCURRENCY} at a time, every one a new token.`,
    goals: [
      {
        figure: 'memory of the receiver after a million messages ÷ after half of them',
        rule: 'at most',
        limit: 1.05,
        measured: at(ofReceiver.residentMb, 10) / at(ofReceiver.residentMb, 5),
      },
    ],
  };
}

interface Course {
  /** Before, and after each tenth, MB. */
  readonly residentMb: readonly number[];
  /** Before and after. */
  readonly descriptors: readonly [number, number];
}

async function course({ programs }: Setting, server: ServerProcess, path: string, total: number): Promise<Course> {
  const residentMb = [server.residentMb()];
  const before = server.descriptors();
  for (let step = 0; step < STEPS; step += 1) {
    await runLoad(programs.load, { kind: 'ingest', path, total: total / STEPS, concurrency: CONCURRENCY }, server);
    await sleep(SETTLE_MS / STEPS);
    residentMb.push(server.residentMb());
  }
  await sleep(SETTLE_MS);
  return { residentMb, descriptors: [before, server.descriptors()] };
}

function at(values: readonly number[], index: number): number {
  return values[index] ?? Number.NaN;
}
