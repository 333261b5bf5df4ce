/** Three servers of NATS on loopback, each a process, and JetStream over all of them. */
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, writeFileSync } from 'node:fs';
import { createServer, type AddressInfo } from 'node:net';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import * as z from 'zod/mini';
import { startProcess, type ServerProcess } from '../server-process.ts';

const SERVERS = 3;
const PATIENCE_MS = 60_000;

const clientsSchema = z.object({
  connections: z.array(
    z.object({
      name: z.optional(z.string()),
      in_msgs: z.number(),
      in_bytes: z.number(),
      out_msgs: z.number(),
      out_bytes: z.number(),
    }),
  ),
});
const routesSchema = z.object({ routes: z.array(z.object({ in_msgs: z.number(), in_bytes: z.number() })) });
const jetStreamSchema = z.object({ meta_cluster: z.optional(z.object({ leader: z.optional(z.string()) })) });

/** Seen from the servers: `in` is what came from a host. */
export interface Traffic {
  readonly inMessages: number;
  readonly inBytes: number;
  readonly outMessages: number;
  readonly outBytes: number;
}

export interface NatsServers extends AsyncDisposable {
  /** HOST:PORT each */
  readonly addresses: readonly string[];
  /** Of all of them so far, ms. */
  readonly processorMs: () => number;
  /** Of this host's connection so far; throws if it has none. Pings are in no server's count. */
  readonly trafficOf: (host: string) => Promise<Traffic>;
  /** What the servers have told each other so far, that is, what each has taken in from the others. */
  readonly trafficBetween: () => Promise<{ readonly messages: number; readonly bytes: number }>;
}

interface Server {
  readonly process: ServerProcess;
  readonly monitor: string;
}

/** Resolves when the three have elected whoever decides for JetStream. Throws if there is no nats-server; scripts/setup installs it. */
export async function startNats(folder: string): Promise<NatsServers> {
  const own = mkdtempSync(join(folder, 'nats-'));
  const ports = await freePorts(SERVERS * 3);
  const routes = ports.slice(0, SERVERS).map((port) => `nats://127.0.0.1:${port}`);
  const addresses: string[] = [];
  const servers: Server[] = [];
  for (let index = 0; index < SERVERS; index += 1) {
    const [port = 0, monitorPort = 0] = ports.slice(SERVERS + 2 * index);
    const home = join(own, String(index));
    mkdirSync(home);
    const file = join(home, 'nats.conf');
    writeFileSync(
      file,
      `server_name: n${index}
listen: "127.0.0.1:${port}"
http: "127.0.0.1:${monitorPort}"
jetstream { store_dir: "${home}" }
cluster { name: bench, listen: "127.0.0.1:${ports[index] ?? 0}", routes: ${JSON.stringify(routes)} }
`,
    );
    // It says on standard error what the others say on standard output.
    const process = await startProcess(
      'sh',
      ['-c', 'exec nats-server --config "$0" 2>&1', file],
      /Listening for route connections/,
      { cwd: home },
    );
    addresses.push(`127.0.0.1:${port}`);
    servers.push({ process, monitor: `http://127.0.0.1:${monitorPort}` });
  }
  const ofAll = async <Answer>(path: string, schema: z.ZodMiniType<Answer>) =>
    Promise.all(servers.map(({ monitor }) => ask(`${monitor}/${path}`, schema)));
  await until(async () => (await ofAll('jsz', jetStreamSchema)).every(({ meta_cluster: meta }) => meta?.leader));
  return {
    addresses,
    processorMs: () => servers.reduce((sum, { process }) => sum + process.processorMs(), 0),
    trafficOf: async (host) => {
      const all = (await ofAll('connz', clientsSchema)).flatMap(({ connections }) => connections);
      const found = all.find(({ name }) => name?.endsWith(` on ${host}`));
      if (found === undefined) throw new Error(`${host} has no connection to a server of NATS`);
      const { in_msgs: inMessages, in_bytes: inBytes, out_msgs: outMessages, out_bytes: outBytes } = found;
      return { inMessages, inBytes, outMessages, outBytes };
    },
    trafficBetween: async () => {
      const all = (await ofAll('routez', routesSchema)).flatMap((answer) => answer.routes);
      const sum = (figure: 'in_msgs' | 'in_bytes') => all.reduce((total, route) => total + route[figure], 0);
      return { messages: sum('in_msgs'), bytes: sum('in_bytes') };
    },
    [Symbol.asyncDispose]: async () => {
      await Promise.all(servers.map(({ process }) => process.stop()));
    },
  };
}

async function ask<Answer>(url: string, schema: z.ZodMiniType<Answer>): Promise<Answer> {
  const response = await fetch(url, { signal: AbortSignal.timeout(PATIENCE_MS) });
  return schema.parse(await response.json());
}

async function until(isSo: () => Promise<boolean>): Promise<void> {
  const endsAt = performance.now() + PATIENCE_MS;
  while (!(await isSo())) {
    if (performance.now() > endsAt)
      throw new Error(`the servers of NATS did not agree within ${PATIENCE_MS / 1_000} s`);
    await sleep(50);
  }
}

/** All held at once, so that no two are the same. */
async function freePorts(count: number): Promise<readonly number[]> {
  const holders = await Promise.all(
    Array.from({ length: count }, async () => {
      const holder = createServer();
      await once(holder.listen(0, '127.0.0.1'), 'listening');
      return holder;
    }),
  );
  const ports = holders.map((holder) => (holder.address() as AddressInfo).port);
  await Promise.all(holders.map((holder) => once(holder.close(), 'close')));
  return ports;
}
