/** Hosts of a cluster: real senders, all on this machine, each with a folder, a name and a token file of its own. */
import { startSandbox, type Sandbox } from '@token-relay/schwab-sandbox';
import { randomBytes } from 'node:crypto';
import { mkdtempSync, writeFileSync } from 'node:fs';
import { request } from 'node:http';
import { join } from 'node:path';
import type { Setting } from '../part.ts';
import { makeHomeWithoutLogin, makeSenderHome } from '../sender-home.ts';
import { startProcess, type ServerProcess } from '../server-process.ts';

const LEADS = /Cluster: this host leads/;
const FOLLOWS = /Cluster: \S+ leads, and refreshes/;

export interface ClusterOptions {
  /** of NATS */
  readonly addresses: readonly string[];
  readonly bucket: string;
  readonly leaseSeconds: number;
}

export interface Host {
  readonly name: string;
  readonly sender: ServerProcess;
  /** Called each time it says that it leads, from now on. */
  readonly onLead: (listener: () => void) => void;
  /** Asks it over its control socket; resolves with the status of the answer. */
  readonly post: (path: '/v1/refresh' | '/v1/cluster/step-down') => Promise<number>;
}

export interface Hosts extends AsyncDisposable {
  readonly keyFile: string;
  /**
   * Starts a host, or starts it again with what it has on its disk; resolves when it leads or follows.
   * @param socketPath where it delivers to
   * @param nodeFlags those of its unit; default: as its command runs it
   */
  readonly start: (name: string, socketPath: string, nodeFlags?: readonly string[]) => Promise<Host>;
}

/** The first host that is started brings the login in; the others have it from the store. */
export async function makeHosts({ folder, root }: Setting, cluster: ClusterOptions): Promise<Hosts> {
  const own = mkdtempSync(join(folder, 'hosts-'));
  const sandbox = await startSandbox();
  const keyFile = join(own, 'cluster.key');
  writeFileSync(keyFile, randomBytes(32).toString('hex'), { mode: 0o600 });
  const flagsOf = new Map<string, readonly string[]>();
  return {
    keyFile,
    start: async (name, socketPath, nodeFlags) => {
      const home = join(own, name);
      const flags =
        flagsOf.get(name) ?? makeHome(home, name, { ...cluster, sandbox, keyFile, isFirst: flagsOf.size === 0 });
      flagsOf.set(name, flags);
      const control = join(home, 'control.sock');
      const args = [
        'run',
        ...flags,
        `--control-socket-path=${control}`,
        `--socket-path=${socketPath}`,
        '--log-file=none',
      ];
      const [program, programArgs] = senderCommand(root, args, nodeFlags);
      const ready = new RegExp(`${LEADS.source}|${FOLLOWS.source}`);
      const sender = await startProcess(program, programArgs, ready, { cwd: home, env: { XDG_RUNTIME_DIR: home } });
      return {
        name,
        sender,
        onLead: (listener) => {
          sender.onLine((line) => {
            if (LEADS.test(line)) listener();
          });
        },
        post: (path) => post(control, path),
      };
    },
    [Symbol.asyncDispose]: () => sandbox.close(),
  };
}

/** @param nodeFlags those of its unit; default: as its command runs it */
export function senderCommand(
  root: string,
  args: readonly string[],
  nodeFlags?: readonly string[],
): [string, readonly string[]] {
  const app = join(root, 'apps/sender');
  return nodeFlags === undefined
    ? [join(app, 'bin/token-refresh-sender'), args]
    : [process.execPath, [...nodeFlags, join(app, 'bundle/main.cjs'), ...args]];
}

interface Home extends ClusterOptions {
  readonly sandbox: Sandbox;
  readonly keyFile: string;
  readonly isFirst: boolean;
}

function makeHome(home: string, name: string, options: Home): readonly string[] {
  const { sandbox, isFirst, addresses, bucket, leaseSeconds, keyFile } = options;
  const flags = (isFirst ? makeSenderHome : makeHomeWithoutLogin)(home, sandbox);
  const config = join(home, 'sender.yaml');
  writeFileSync(
    config,
    `cluster:
  servers: [${addresses.join(', ')}]
  host: ${name}
  bucket: ${bucket}
  lease: ${leaseSeconds}s
  keys: [${keyFile}]
`,
    { mode: 0o600 },
  );
  // No request may outlive the lease.
  const timeout = leaseSeconds < 45 ? ['--http-timeout=1s'] : [];
  return [...flags, `--config=${config}`, ...timeout];
}

function post(socketPath: string, path: string): Promise<number> {
  return new Promise((resolve, reject) => {
    const asked = request({ socketPath, path, method: 'POST' }, (response) => {
      response.resume();
      response.once('end', () => resolve(response.statusCode ?? 0));
    });
    asked.once('error', reject);
    asked.end();
  });
}
