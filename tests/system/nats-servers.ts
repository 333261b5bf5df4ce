/** Real `nats-server` processes on loopback, and a way to them that is counted and can be led elsewhere. */
import { execFileSync, spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { connect, createServer, type AddressInfo, type Server, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';

export class NatsServer {
  readonly port: number;
  readonly folder: string;
  readonly #child: ChildProcess;
  readonly #closed: Promise<unknown>;

  private constructor(child: ChildProcess, port: number, folder: string, closed: Promise<unknown>) {
    this.#child = child;
    this.port = port;
    this.folder = folder;
    this.#closed = closed;
  }

  /** @param settings what its file says besides the port, of a folder for what it keeps */
  static async start(settings: (folder: string) => string = withJetStream): Promise<NatsServer> {
    const folder = await mkdtemp(join(tmpdir(), 'relay-nats-'));
    const file = join(folder, 'nats.conf');
    await writeFile(file, natsFile(settings(join(folder, 'store'))));
    const child = spawn('nats-server', ['-c', file], { stdio: ['ignore', 'ignore', 'pipe'] });
    const closed = once(child, 'close');
    const said: string[] = [];
    let port = 0;
    for await (const line of createInterface({ input: child.stderr })) {
      said.push(line);
      port = Number(/client connections on [^ ]*:(\d+)$/.exec(line)?.[1] ?? port);
      if (line.endsWith('Server is ready')) {
        child.stderr.resume();
        return new NatsServer(child, port, folder, closed);
      }
    }
    throw new Error(`nats-server did not start:\n${said.join('\n')}`);
  }

  /** Takes over other settings, as `systemctl reload` does. */
  async reload(settings: (folder: string) => string): Promise<void> {
    await writeFile(join(this.folder, 'nats.conf'), natsFile(settings(join(this.folder, 'store')), this.port));
    this.#child.kill('SIGHUP');
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#child.kill('SIGKILL');
    await this.#closed;
    await rm(this.folder, { recursive: true, force: true });
  }
}

/** What docs/cluster.md has servers from 2.10 on do; older ones refuse the word. */
export function syncsAlways(): boolean {
  const [, minor = ''] = /v2\.(\d+)\./.exec(execFileSync('nats-server', ['--version'], { encoding: 'utf8' })) ?? [];
  return Number(minor) >= 10;
}

export const withJetStream = (folder: string): string =>
  `jetstream { store_dir: "${folder}"${syncsAlways() ? ', sync_interval: always' : ''} }\n`;

function natsFile(settings: string, port = -1): string {
  return `host: 127.0.0.1\nport: ${port}\n${settings}`;
}

/** Ports of loopback that nobody listens on just now. */
export async function freePorts(count: number): Promise<number[]> {
  const servers = await Promise.all(
    Array.from({ length: count }, async () => {
      const server = createServer();
      await once(server.listen(0, '127.0.0.1'), 'listening');
      return server;
    }),
  );
  const ports = servers.map((server) => (server.address() as AddressInfo).port);
  await Promise.all(servers.map((server) => once(server.close(), 'close')));
  return ports;
}

/** A port that leads to one server or another, so that a server can be put right, or be another one, at the same address. */
export class Road {
  #to: number;
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();

  private constructor(server: Server, to: number) {
    this.#server = server;
    this.#to = to;
    server.on('connection', (from) => {
      this.#join(from, connect(this.#to, '127.0.0.1'));
    });
  }

  static async to(port: number): Promise<Road> {
    const server = createServer();
    const road = new Road(server, port);
    await once(server.listen(0, '127.0.0.1'), 'listening');
    return road;
  }

  get address(): string {
    return `127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  /** Resolves when somebody has come along it and gone again. */
  async nextVisit(): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<undefined>();
    this.#server.once('connection', (from: Socket) => from.once('close', () => resolve(undefined)));
    await promise;
  }

  /** From now on; connections that are there are cut. */
  lead(port: number): void {
    this.#to = port;
    this.#cut();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const closed = once(this.#server, 'close');
    this.#server.close();
    this.#cut();
    await closed;
  }

  #cut(): void {
    for (const socket of this.#sockets) socket.destroy();
  }

  #join(from: Socket, to: Socket): void {
    for (const [one, other] of [
      [from, to],
      [to, from],
    ] as const) {
      this.#sockets.add(one);
      one
        .on('error', () => other.destroy())
        .on('close', () => {
          this.#sockets.delete(one);
          other.destroy();
        });
      one.pipe(other);
    }
  }
}
