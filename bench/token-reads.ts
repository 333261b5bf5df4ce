/** `GET /v1/token` over kept connections: the receiver beside a bare Node HTTP server that sends the same bytes. */
import { mkdtempSync } from 'node:fs';
import { connect, type Socket } from 'node:net';
import { join } from 'node:path';
import { deliver, message } from './deliver.ts';
import { median, percentile, table } from './figures.ts';
import { startReceiver } from './receiver.ts';
import { startProcess, type ServerProcess } from './server-process.ts';

const ROUNDS = 7;
const ONE_CONNECTION = 10_000;
const MANY_CONNECTIONS = 60_000;
const CONNECTIONS = 64;
const REQUEST = 'GET /v1/token HTTP/1.1\r\nHost: localhost\r\n\r\n';

interface Sample {
  readonly p50Us: number;
  readonly p99Us: number;
  readonly perSecond: number;
  /** of the server, for one request */
  readonly processorUs: number;
}

/** One request after the other. A client of a few lines: Node's own would take longer than the server. */
class KeptConnection {
  readonly #socket: Socket;
  #text = '';
  #answered: (() => void) | undefined;

  constructor(path: string) {
    this.#socket = connect({ path });
    this.#socket.setEncoding('latin1');
    this.#socket.on('data', (chunk: string) => {
      this.#text += chunk;
      if (this.#text.length < lengthOf(this.#text)) return;
      this.#text = '';
      this.#answered?.();
    });
  }

  async get(): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<undefined>();
    this.#answered = () => resolve(undefined);
    this.#socket.write(REQUEST);
    await promise;
  }

  close(): void {
    this.#socket.destroy();
  }
}

/** Of a whole answer, of which this is the beginning. */
function lengthOf(text: string): number {
  const headEnd = text.indexOf('\r\n\r\n');
  if (headEnd === -1) return Number.POSITIVE_INFINITY;
  if (!text.startsWith('HTTP/1.1 200 ')) throw new Error(text.slice(0, headEnd));
  const found = /\r\nContent-Length: (\d+)/i.exec(text);
  return headEnd + 4 + Number(found?.[1]);
}

async function load(path: string, server: ServerProcess, total: number, count: number): Promise<Sample> {
  const connections = Array.from({ length: count }, () => new KeptConnection(path));
  await Promise.all(connections.map((connection) => connection.get()));
  const latencies: number[] = [];
  let started = 0;
  const [startedAt, processorMs] = [performance.now(), server.processorMs()];
  await Promise.all(
    connections.map(async (connection) => {
      while (started < total) {
        started += 1;
        const at = performance.now();
        await connection.get();
        latencies.push((performance.now() - at) * 1_000);
      }
      connection.close();
    }),
  );
  const seconds = (performance.now() - startedAt) / 1_000;
  return {
    p50Us: median(latencies),
    p99Us: percentile(latencies, 0.99),
    perSecond: total / seconds,
    processorUs: ((server.processorMs() - processorMs) * 1_000) / total,
  };
}

export async function tokenReads(folder: string, root: string): Promise<string> {
  const own = mkdtempSync(join(folder, 'reads-'));
  const receiver = await startReceiver(own, root);
  await deliver(receiver.tokens, message(1));
  const barePath = join(own, 'bare.sock');
  const bare = await startProcess(
    process.execPath,
    [join(root, 'bench/servers/bare-http.cjs'), barePath, receiver.api],
    /ready/,
    { cwd: own },
  );
  const servers = [
    { name: 'bare Node HTTP server', path: barePath, server: bare },
    { name: 'token-receiver', path: receiver.api, server: receiver },
  ];
  const samples = new Map<string, { one: Sample[]; many: Sample[] }>(
    servers.map(({ name }) => [name, { one: [], many: [] }]),
  );
  // Round by round in turn, so that a machine that grows slower does so for both.
  for (let round = -1; round < ROUNDS; round += 1) {
    for (const { name, path, server } of servers) {
      const one = await load(path, server, ONE_CONNECTION, 1);
      const many = await load(path, server, MANY_CONNECTIONS, CONNECTIONS);
      if (round < 0) continue; // a warm-up
      samples.get(name)?.one.push(one);
      samples.get(name)?.many.push(many);
    }
  }
  for (const { server } of servers) await server.stop();

  const of = (name: string, kind: 'one' | 'many', figure: keyof Sample) =>
    (samples.get(name)?.[kind] ?? []).map((sample) => sample[figure]);
  const ratio = (name: string, kind: 'one' | 'many', figure: keyof Sample) => {
    const base = of('bare Node HTTP server', kind, figure);
    return median(of(name, kind, figure).map((value, index) => value / (base[index] ?? Number.NaN))).toFixed(2);
  };
  const rows = servers.map(({ name }) => [
    name,
    ratio(name, 'one', 'perSecond'),
    ratio(name, 'many', 'perSecond'),
    ...(['one', 'many'] as const).flatMap((kind) => [
      median(of(name, kind, 'p50Us')).toFixed(0),
      median(of(name, kind, 'p99Us')).toFixed(0),
      median(of(name, kind, 'perSecond')).toFixed(0),
      median(of(name, kind, 'processorUs')).toFixed(1),
    ]),
  ]);
  const figures = ['p50 µs', 'p99 µs', 'per second', 'processor µs a request'];
  return table(
    [
      'server',
      'rate ÷ bare, 1 connection',
      'rate ÷ bare, 64 connections',
      ...['1', '64'].flatMap((count) => figures.map((figure) => `${figure} (${count})`)),
    ],
    rows,
  );
}
