/** What docs/cluster.md has a reader type and write, done on one machine: names and places are put in, and no more. */
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { freePorts, NatsServer, syncsAlways } from './nats-servers.ts';
import { Bench, type Program } from './processes.ts';

const PAGE = readFileSync(join(import.meta.dirname, '../../docs/cluster.md'), 'utf8');
const HOSTS = ['alpha', 'beta', 'gamma'] as const;
/** Both from the start, as the page has it for who wants to change the key without a stop. */
export const KEY_FILES = ['cluster.key', 'cluster-2.key'] as const;
type Host = (typeof HOSTS)[number];

/** The page's code block in this language, the first one without `index`. */
export function block(language: string, index = 0): string {
  const blocks = [...PAGE.matchAll(new RegExp(`^\`\`\`${language}\n(.*?)^\`\`\`$`, 'gms'))];
  const found = blocks[index]?.[1];
  if (found === undefined) throw new Error(`no ${language} in the page`);
  return found;
}

export class ThreeHosts {
  readonly #folder: string;
  readonly #servers: readonly NatsServer[];
  readonly #disposables: AsyncDisposableStack;

  private constructor(folder: string, servers: readonly NatsServer[], disposables: AsyncDisposableStack) {
    this.#folder = folder;
    this.#servers = servers;
    this.#disposables = disposables;
  }

  static async make(): Promise<ThreeHosts> {
    const disposables = new AsyncDisposableStack();
    const folder = await mkdtemp(join(tmpdir(), 'relay-cluster-'));
    disposables.defer(() => rm(folder, { recursive: true, force: true }));
    // The hosts of the test have no names of their own.
    const commands = block('sh').replace('DNS:%s\\n', 'DNS:%s,IP:127.0.0.1\\n');
    execFileSync('bash', ['-euc', commands], { cwd: folder, stdio: ['ignore', 'ignore', 'pipe'] });
    const routes = await freePorts(HOSTS.length);
    const servers = await Promise.all(
      HOSTS.map(async (host, index) => {
        const server = await NatsServer.start((store) =>
          serverFile(host, { store, folder, routes, route: routes[index] ?? 0 }),
        );
        disposables.use(server);
        return server;
      }),
    );
    return new ThreeHosts(folder, servers, disposables);
  }

  /** The sender of this host, with the settings of the page; only alpha has a login of its own. */
  async sender(
    host: Host,
    key = readFileSync(join(this.#folder, 'cluster.key'), 'utf8'),
  ): Promise<{ bench: Bench; program: Program }> {
    const bench = this.#disposables.use(await Bench.make());
    if (host !== 'alpha') await rm(bench.tokenFile);
    const file = (name: string) => join(this.#folder, name);
    for (const name of KEY_FILES) await bench.write(name, key, 0o600);
    const servers = this.#servers.map(({ port }) => `"127.0.0.1:${port}"`).join(', ');
    const settings = block('yaml')
      .replace(/servers: .*/, `servers: [${servers}]\n  keys: [${KEY_FILES.join(', ')}]`)
      .replace('host: alpha', `host: ${host}`)
      .replace('/etc/token-relay/ca.crt', file('ca.crt'))
      .replace('/etc/token-relay/sender.crt', file(`sender-${host}.crt`))
      .replace(/\/run\/credentials\/\S+/, file(`sender-${host}.key`));
    await bench.write('sender.yaml', settings);
    return { bench, program: bench.sender(`--config=${bench.path('sender.yaml')}`) };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#disposables.disposeAsync();
  }
}

function serverFile(
  host: Host,
  { store, folder, routes, route }: { store: string; folder: string; routes: readonly number[]; route: number },
): string {
  return block('conf')
    .replace('server_name: alpha', `server_name: ${host}`)
    .replaceAll('nats-alpha', `nats-${host}`)
    .replaceAll('/etc/nats/', `${folder}/`)
    .replace('"/var/lib/nats"', `"${store}"`)
    .replace('# sync_interval', syncsAlways() ? 'sync_interval' : '$&')
    .replace('listen: "0.0.0.0:4222"\n', '')
    .replace('0.0.0.0:6222', `127.0.0.1:${route}`)
    .replace(/routes: .*/, `routes: [${routes.map((port) => `"nats://127.0.0.1:${port}"`).join(', ')}]`);
}
