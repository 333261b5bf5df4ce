/** Three servers of NATS, five hosts and the sandbox of Schwab, each server and host on a machine of its own. */
import { startSandbox, type Sandbox } from '@token-relay/schwab-sandbox';
import { fingerprint } from '@token-relay/tokens';
import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { Certificates } from './certificates.ts';
import { ClusterHost } from './host.ts';
import { Ledger } from './ledger.ts';
import { NatsServer } from './nats-server.ts';
import { makeNetwork } from './network.ts';
import { SchwabDoor } from './schwab-door.ts';

/**
 * A tenth of what is usual, and less: a token of 45 s is refreshed every 12 s, with 33 s to spare for a lease of 6 s to end
 * and for servers to elect a leader of their own, which takes them up to 9 s.
 */
export const PERIOD_MS = 12_000;
export const LIFE_MS = 45_000;

const SERVERS = ['server-1', 'server-2', 'server-3'];
/** And how wrong their clocks are, in seconds. */
const HOSTS = { alpha: 0, beta: 60, gamma: -60, delta: 30, epsilon: 0 } as const;

export class Stage {
  readonly servers: readonly NatsServer[];
  readonly hosts: readonly ClusterHost[];
  readonly ledger: Ledger;
  readonly sandbox: Sandbox;
  readonly #doors: readonly SchwabDoor[];
  /** The present one, and what is to come or was. */
  #key = newKey();

  private constructor(
    { servers, hosts }: { servers: readonly NatsServer[]; hosts: readonly ClusterHost[] },
    { sandbox, ledger, doors }: { sandbox: Sandbox; ledger: Ledger; doors: readonly SchwabDoor[] },
  ) {
    this.servers = servers;
    this.hosts = hosts;
    this.sandbox = sandbox;
    this.ledger = ledger;
    this.#doors = doors;
  }

  static async open(folder: string): Promise<Stage> {
    const machines = makeNetwork([...SERVERS, ...Object.keys(HOSTS)]);
    const certificates = new Certificates(join(folder, 'certificates'));
    const sandbox = await startSandbox({ accessTokenSeconds: LIFE_MS / 1_000, autoApprove: true });
    const atServers = machines.slice(0, SERVERS.length);
    const atHosts = machines.slice(SERVERS.length);
    const hosts: ClusterHost[] = [];
    const ledger = new Ledger({
      nowMs: () => performance.now(),
      isOnItsOwn: (name) => hosts.some((host) => host.name === name && (host.isAlone || host.machine.isCut)),
    });
    const servers = atServers.map((machine) => {
      const tls = certificates.make(machine.name, machine.address);
      return new NatsServer(machine, join(folder, machine.name), { all: atServers, tls });
    });
    for (const server of servers) server.start();
    const doors = await Promise.all(
      atHosts.map((machine) =>
        SchwabDoor.open(machine, join(folder, `schwab-${machine.name}.sock`), { sandbox, ledger }),
      ),
    );
    for (const [index, machine] of atHosts.entries()) {
      const tls = certificates.make(machine.name, machine.address);
      hosts.push(
        new ClusterHost({
          ...{ machine, tls, servers: atServers, credentials: sandbox.credentials },
          folder: join(folder, machine.name),
          clockAheadSeconds: Object.values(HOSTS)[index] ?? 0,
          refreshSeconds: PERIOD_MS / 1_000,
        }),
      );
    }
    return new Stage({ servers, hosts }, { sandbox, ledger, doors });
  }

  /** One host is logged in; the others have nothing but the key. */
  start(): void {
    const { accessToken, expiresIn } = this.sandbox.logIn();
    const [first] = this.hosts;
    if (first === undefined) throw new Error('no host');
    const lifeMs = expiresIn * 1_000;
    this.ledger.issued({ host: first.name, isLogin: true, fingerprint: fingerprint(accessToken), lifeMs });
    first.putTokenFile(this.sandbox.tokenFileText());
    for (const host of this.hosts) {
      host.putKeys(this.#key, this.#key);
      host.startSender();
    }
  }

  /** @returns whether so many servers can be reached that they can decide something, and have a leader */
  get isStoreThere(): boolean {
    const deciding = this.servers.filter(({ isUp, machine, knowsLeader }) => isUp && !machine.isCut && knowsLeader);
    return deciding.length > this.servers.length / 2;
  }

  /** In three steps, as docs/cluster.md has it: all can open what the new key seals before anybody seals with it. */
  async changeKey(agreed: () => Promise<void>): Promise<void> {
    const [old, next] = [this.#key, newKey()];
    await this.#useKeys(old, next);
    await this.#useKeys(next, old);
    // The leader has sealed anew what is there, and all could open it.
    await agreed();
    await this.#useKeys(next, next);
    this.#key = next;
  }

  async #useKeys(first: string, second: string): Promise<void> {
    for (const host of this.hosts) host.putKeys(first, second);
    await Promise.all(this.hosts.map((host) => host.reload()));
  }

  async close(): Promise<void> {
    const ends = await Promise.allSettled(this.hosts.map((host) => host.stop()));
    for (const door of this.#doors) door.close();
    await Promise.all(this.servers.map((server) => server.kill()));
    for (const server of this.servers) server.record();
    await this.sandbox.close();
    const failed = ends.find((end) => end.status === 'rejected');
    if (failed !== undefined) throw failed.reason;
  }
}

function newKey(): string {
  return randomBytes(32).toString('hex');
}
