/** Connect, send 2.5 kB of JSON, read OK, close: the receiver beside the least that Node and Python can do. */
import { join } from 'node:path';
import { deliver, message } from './deliver.ts';
import { median, percentile, table } from './figures.ts';
import { startProcess } from './server-process.ts';

const ROUNDS = 7;
const ONE_AT_A_TIME = 2_000;
const MANY_AT_A_TIME = 12_000;
const CONCURRENCY = 64;

interface Sample {
  readonly p50Us: number;
  readonly p99Us: number;
  readonly perSecond: number;
}

async function load(path: string, total: number, concurrency: number): Promise<Sample> {
  const latencies: number[] = [];
  let next = 0;
  const startedAt = performance.now();
  const worker = async () => {
    while (next < total) {
      next += 1;
      const payload = message(next);
      const at = performance.now();
      await deliver(path, payload);
      latencies.push((performance.now() - at) * 1_000);
    }
  };
  await Promise.all(Array.from({ length: concurrency }, worker));
  const seconds = (performance.now() - startedAt) / 1_000;
  return { p50Us: median(latencies), p99Us: percentile(latencies, 0.99), perSecond: total / seconds };
}

export async function ingest(folder: string, root: string): Promise<string> {
  const servers = {
    'bare Node server': {
      command: process.execPath,
      args: (path: string) => [join(root, 'bench/servers/bare-node.cjs'), path],
      ready: /ready/,
    },
    'bare Python server': {
      command: 'python3',
      args: (path: string) => [join(root, 'bench/servers/bare-python.py'), path],
      ready: /ready/,
    },
    'token-receiver': {
      command: join(root, 'apps/receiver/bin/token-receiver'),
      args: (path: string) => [
        'run',
        `--unix-socket-path=${path}`,
        `--api-socket-path=${path}.api`,
        '--log-file=none',
        '--max-connections=256',
      ],
      ready: /started/,
    },
  };
  const names = Object.keys(servers) as (keyof typeof servers)[];
  const running = new Map<string, { path: string; stop: () => Promise<number> }>();
  for (const name of names) {
    const { command, args, ready } = servers[name];
    const path = join(folder, `${name.replaceAll(/\W/g, '-')}.sock`);
    running.set(name, { path, stop: (await startProcess(command, args(path), ready, { cwd: folder })).stop });
  }
  const samples = new Map<string, { one: Sample[]; many: Sample[] }>(
    names.map((name) => [name, { one: [], many: [] }]),
  );
  // Round by round in turn, so that a machine that grows slower does so for all of them.
  for (let round = -1; round < ROUNDS; round += 1) {
    for (const name of names) {
      const path = running.get(name)?.path ?? '';
      const one = await load(path, ONE_AT_A_TIME, 1);
      const many = await load(path, MANY_AT_A_TIME, CONCURRENCY);
      if (round < 0) continue; // a warm-up
      samples.get(name)?.one.push(one);
      samples.get(name)?.many.push(many);
    }
  }
  for (const { stop } of running.values()) await stop();

  const of = (name: string, kind: 'one' | 'many', figure: keyof Sample) =>
    (samples.get(name)?.[kind] ?? []).map((sample) => sample[figure]);
  const ratio = (name: string, kind: 'one' | 'many', figure: keyof Sample) => {
    const bare = of('bare Node server', kind, figure);
    return median(of(name, kind, figure).map((value, index) => value / (bare[index] ?? Number.NaN))).toFixed(2);
  };
  const rows = names.map((name) => [
    name,
    ratio(name, 'one', 'p50Us'),
    ratio(name, 'many', 'perSecond'),
    ...(['one', 'many'] as const).flatMap((kind) => [
      median(of(name, kind, 'p50Us')).toFixed(0),
      median(of(name, kind, 'p99Us')).toFixed(0),
      median(of(name, kind, 'perSecond')).toFixed(0),
    ]),
  ]);
  return table(
    [
      'server',
      'p50 ÷ bare, 1 at a time',
      'rate ÷ bare, 64 at a time',
      'p50 µs (1)',
      'p99 µs (1)',
      'per second (1)',
      'p50 µs (64)',
      'p99 µs (64)',
      'per second (64)',
    ],
    rows,
  );
}
