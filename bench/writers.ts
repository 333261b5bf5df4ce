/** What ingest costs as writers become more, and with what else a receiver may have to do. */
import { get } from 'node:http';
import { join } from 'node:path';
import { table } from './figures.ts';
import { deliver, message } from './load/deliver.ts';
import { runLoad, type LoadSample } from './load/load.ts';
import type { Findings, Part, Setting } from './part.ts';
import { startReceiver, type RunningReceiver } from './receiver.ts';
import { inTurn } from './rounds.ts';
import { startProcess } from './server-process.ts';

const SCRAPE_EVERY_MS = 1_000;
const LONGEST_HISTORY = 10_000;

export const writers: Part = { title: 'Writers: ingest from 1 to 64 at a time', measure };

async function measure(setting: Setting): Promise<Findings> {
  const amounts = setting.quick
    ? { rounds: 1, messages: 500, counts: [1, 64] }
    : { rounds: 5, messages: 6_000, counts: [1, 2, 4, 8, 16, 32, 64] };
  return { text: `${await concurrency(setting, amounts)}\n\n${await burdens(setting, amounts)}` };
}

interface Amounts {
  readonly rounds: number;
  readonly messages: number;
  readonly counts: readonly number[];
}

async function concurrency(setting: Setting, { rounds, messages, counts }: Amounts): Promise<string> {
  const { folder, root, programs } = setting;
  const path = join(folder, 'writers-bare.sock');
  const bare = await startProcess(process.execPath, [join(root, 'bench/servers/bare-node.cjs'), path], /ready/, {
    cwd: folder,
    isPinned: true,
  });
  const receiver = await startReceiver(setting, { isPinned: true });
  const rows: string[][] = [];
  for (const count of counts) {
    const samples = await inTurn(['bare', 'receiver'], rounds, (name) =>
      name === 'bare'
        ? runLoad(programs.load, { kind: 'ingest', path, total: messages, concurrency: count }, bare)
        : runLoad(programs.load, ingestOf(receiver, messages, count), receiver),
    );
    rows.push([
      String(count),
      samples.ratio('receiver', ({ p50Us }) => p50Us).toFixed(2),
      samples.ratio('receiver', ({ perSecond }) => perSecond).toFixed(2),
      samples.ratio('receiver', ({ processorUs }) => processorUs).toFixed(2),
      ...figures((figure) => samples.of('receiver', figure)),
    ]);
  }
  await bare.stop();
  await receiver.stop();
  const head = ['writers', 'p50 ÷ bare', 'rate ÷ bare', 'processor ÷ bare', ...FIGURES];
  return `${table(head, rows)}\n\n${rounds} rounds of ${messages} messages, in turn with the bare Node server.`;
}

async function burdens(setting: Setting, { rounds, messages, counts }: Amounts): Promise<string> {
  const history = [`--history-size=${LONGEST_HISTORY}`];
  const plain = await startReceiver(setting, { isPinned: true });
  const full = await startReceiver(setting, { isPinned: true, flags: history });
  const scraped = await startReceiver(setting, { isPinned: true });
  const both = await startReceiver(setting, { isPinned: true, flags: history });
  const receivers = new Map([
    ['as it comes: a history of 50', { receiver: plain, isScraped: false }],
    [`a history of ${LONGEST_HISTORY}, full`, { receiver: full, isScraped: false }],
    ['/metrics read every second', { receiver: scraped, isScraped: true }],
    ['both', { receiver: both, isScraped: true }],
  ]);
  const most = counts.at(-1) ?? 1;
  const load = (receiver: RunningReceiver, total: number) =>
    runLoad(setting.programs.load, ingestOf(receiver, total, most), receiver);
  for (const receiver of [full, both]) await load(receiver, setting.quick ? 1_000 : LONGEST_HISTORY + 1_000);
  for (const { receiver } of receivers.values()) await deliver(receiver.tokens, message(1));

  const samples = await inTurn([...receivers.keys()], rounds, async (name) => {
    const { receiver, isScraped } = receivers.get(name) ?? { receiver: plain, isScraped: false };
    const scraping = isScraped ? setInterval(() => scrape(receiver.api), SCRAPE_EVERY_MS) : undefined;
    if (isScraped) scrape(receiver.api);
    try {
      return await load(receiver, messages * 2);
    } finally {
      clearInterval(scraping);
    }
  });
  const rows = [...receivers].map(([name, { receiver }]) => [
    name,
    samples.ratio(name, ({ perSecond }) => perSecond).toFixed(2),
    samples.ratio(name, ({ processorUs }) => processorUs).toFixed(2),
    ...figures((figure) => samples.of(name, figure)),
    receiver.residentMb().toFixed(1),
  ]);
  for (const { receiver } of receivers.values()) await receiver.stop();
  const head = [`receiver, ${most} writers`, 'rate ÷ first', 'processor ÷ first', ...FIGURES, 'memory, MB'];
  return `${table(head, rows)}\n\n${rounds} rounds of ${messages * 2} messages.`;
}

const FIGURES = ['p50 µs', 'p99 µs', 'per second', 'processor µs each'];

function figures(of: (figure: (sample: LoadSample) => number) => number): string[] {
  return [
    of(({ p50Us }) => p50Us).toFixed(0),
    of(({ p99Us }) => p99Us).toFixed(0),
    of(({ perSecond }) => perSecond).toFixed(0),
    of(({ processorUs }) => processorUs).toFixed(1),
  ];
}

function ingestOf({ tokens }: RunningReceiver, total: number, count: number) {
  return { kind: 'ingest', path: tokens, total, concurrency: count } as const;
}

function scrape(socketPath: string): void {
  get({ socketPath, path: '/metrics', agent: false }, (response) => response.resume()).on('error', (error) => {
    throw error;
  });
}
