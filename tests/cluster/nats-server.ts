/** One of the three servers of NATS: a process that can be killed, started again, and emptied. */
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { appendFileSync, globSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { recordOutput } from '../record/record.ts';
import { syncsAlways } from '../system/nats-servers.ts';
import type { CertificateFiles } from './certificates.ts';
import type { Machine } from './network.ts';

export const CLIENT_PORT = 4222;
const ROUTE_PORT = 6222;

export class NatsServer {
  readonly machine: Machine;
  readonly #folder: string;
  #process: ChildProcess | undefined;
  #knowsLeader = false;

  constructor(machine: Machine, folder: string, { all, tls }: { all: readonly Machine[]; tls: CertificateFiles }) {
    this.machine = machine;
    this.#folder = folder;
    mkdirSync(folder);
    const files = `ca_file: "${tls.ca}", cert_file: "${tls.cert}", key_file: "${tls.key}"`;
    const routes = all.filter((other) => other !== machine).map(({ address }) => `"nats://${address}:${ROUTE_PORT}"`);
    writeFileSync(
      join(folder, 'nats.conf'),
      `server_name: ${machine.name}
listen: "${machine.address}:${CLIENT_PORT}"
tls { ${files}, verify: true }
jetstream { store_dir: "${join(folder, 'store')}", max_file_store: 64MB, max_memory_store: 1MB${syncsAlways() ? ', sync_interval: always' : ''} }
cluster { name: relay, listen: "${machine.address}:${ROUTE_PORT}", routes: [${routes.join(', ')}], tls { ${files} } }
`,
    );
  }

  get isUp(): boolean {
    return this.#process !== undefined;
  }

  /** Whether the servers, as it last said, have a leader: without one they open no bucket and make no watch. */
  get knowsLeader(): boolean {
    return this.#knowsLeader;
  }

  start(): void {
    const [command, ...args] = [...this.machine.through, 'nats-server', '-c', join(this.#folder, 'nats.conf')];
    const child = spawn(command, args, { stdio: ['ignore', 'ignore', 'pipe'] });
    child.stderr.on('data', (chunk: Buffer) => {
      appendFileSync(join(this.#folder, 'nats.log'), chunk);
      const said = chunk
        .toString()
        .split('\n')
        .findLast((line) => line.includes(' metadata leader'));
      if (said !== undefined) this.#knowsLeader = !said.includes('no metadata leader');
    });
    this.#knowsLeader = false;
    this.#process = child;
  }

  async kill(): Promise<void> {
    const child = this.#process;
    if (child === undefined) return;
    this.#process = undefined;
    const closed = once(child, 'close');
    child.kill('SIGKILL');
    await closed;
  }

  /** What it said, and what it keeps: its operators see both, and no token in either. */
  record(): void {
    recordOutput(`${this.machine.name}-log`, readFileSync(join(this.#folder, 'nats.log'), 'utf8'));
    for (const file of globSync('store/**/*.blk', { cwd: this.#folder }))
      recordOutput(`${this.machine.name}-disk`, `${readFileSync(join(this.#folder, file), 'latin1')}\n`);
  }

  /** All that it kept is lost. */
  wipe(): void {
    rmSync(join(this.#folder, 'store'), { recursive: true, force: true });
  }
}
