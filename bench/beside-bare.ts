/** The receiver and servers that do the least, under the same load: one connection at a time, and 64. */
import { table } from './figures.ts';
import { runLoad, type LoadSample } from './load/load.ts';
import type { Setting } from './part.ts';
import { inTurn, type Rounds } from './rounds.ts';
import type { ServerProcess } from './server-process.ts';

export interface ServerAt extends ServerProcess {
  readonly path: string;
}

export interface Comparison {
  readonly kind: 'ingest' | 'http';
  /** The first is what the others are measured by. */
  readonly servers: ReadonlyMap<string, ServerAt>;
  readonly rounds: number;
  /** Messages or requests of a round: one at a time, and 64 at a time. */
  readonly one: number;
  readonly many: number;
}

export interface Sample {
  readonly one: LoadSample;
  readonly many: LoadSample;
}

/** Stops the servers at the end. */
export async function measureBesideBare(
  { programs }: Setting,
  { kind, servers, rounds, one, many }: Comparison,
): Promise<{ readonly text: string; readonly samples: Rounds<Sample> }> {
  const names = [...servers.keys()];
  const samples = await inTurn(names, rounds, async (name): Promise<Sample> => {
    const server = servers.get(name);
    if (server === undefined) throw new Error(`there is no ${name}`);
    const load = (total: number, concurrency: number) =>
      runLoad(programs.load, { kind, path: server.path, total, concurrency }, server);
    return { one: await load(one, 1), many: await load(many, 64) };
  });
  for (const { stop } of servers.values()) await stop();

  const { of, ratio } = samples;
  const rows = names.map((name) => [
    name,
    ratio(name, (sample) => sample.one.p50Us).toFixed(2),
    ratio(name, (sample) => sample.many.perSecond).toFixed(2),
    ratio(name, (sample) => sample.many.processorUs).toFixed(2),
    ...(['one', 'many'] as const).flatMap((count) => [
      of(name, (sample) => sample[count].p50Us).toFixed(0),
      of(name, (sample) => sample[count].p99Us).toFixed(0),
      of(name, (sample) => sample[count].perSecond).toFixed(0),
    ]),
    of(name, (sample) => sample.many.processorUs).toFixed(1),
    `${(of(name, (sample) => sample.many.busy) * 100).toFixed(0)} %`,
  ]);
  const head = [
    'server',
    'p50 ÷ bare (1)',
    'rate ÷ bare (64)',
    'processor ÷ bare (64)',
    ...['1', '64'].flatMap((count) => [`p50 µs (${count})`, `p99 µs (${count})`, `per second (${count})`]),
    'processor µs each (64)',
    'generator busy (64)',
  ];
  const made = `${rounds} rounds of ${one} with one connection (1) and ${many} with 64 (64).`;
  return { text: `${table(head, rows)}\n\n${made}`, samples };
}
