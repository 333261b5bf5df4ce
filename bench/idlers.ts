/** Who idles: a bare process, the pair as its commands start it, and the pair as its units start it, with a watchdog to be petted. */
import { startSandbox } from '@token-relay/schwab-sandbox';
import { mkdtempSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Setting } from './part.ts';
import { makeSenderHome } from './sender-home.ts';
import { startProcess, type ServerProcess } from './server-process.ts';

export interface Idler {
  readonly name: string;
  readonly process: ServerProcess;
}

export interface Pair {
  /** of the receiver */
  readonly api: string;
  readonly receiver: Idler;
  readonly sender: Idler;
}

const SENDER_READY = /Token delivered/;
const RECEIVER_READY = /started/;

export async function startBare({ folder, root }: Setting): Promise<Idler> {
  const script = join(root, 'bench/servers/bare-process.cjs');
  return {
    name: 'bare Node process',
    process: await startProcess(process.execPath, [script], /ready/, { cwd: folder }),
  };
}

export async function startPair({ folder, root }: Setting): Promise<Pair> {
  const { home, flags } = await makeHome(folder);
  const options = { cwd: home, env: { XDG_RUNTIME_DIR: home } };
  const program = (name: string) => join(root, name);
  const receiver = await startProcess(program('apps/receiver/bin/token-receiver'), ['run'], RECEIVER_READY, options);
  const sender = await startProcess(
    program('apps/sender/bin/token-refresh-sender'),
    ['run', ...flags],
    SENDER_READY,
    options,
  );
  return {
    api: join(home, 'token-relay/api.sock'),
    receiver: { name: 'token-receiver', process: receiver },
    sender: { name: 'token-refresh-sender', process: sender },
  };
}

/** As systemd would: with the flags, the notification socket and the watchdog of the units, and no log file. */
export async function startServices({ folder, root }: Setting): Promise<Pair & { readonly systemd: ServerProcess }> {
  const { home, flags } = await makeHome(folder);
  const notifySocket = join(home, 'notify.sock');
  const systemd = await startProcess('python3', [join(root, 'bench/servers/notify.py'), notifySocket], /ready/, {
    cwd: home,
  });
  const start = async (app: 'receiver' | 'sender', unit: string, more: readonly string[], ready: RegExp) => {
    const { nodeFlags, watchdogUs } = readUnit(join(root, 'systemd/system', unit));
    const args = [...nodeFlags, join(root, 'apps', app, 'bundle/main.cjs'), 'run', '--log-file=none', ...more];
    const env = { XDG_RUNTIME_DIR: home, NOTIFY_SOCKET: notifySocket, WATCHDOG_USEC: String(watchdogUs) };
    return startProcess(process.execPath, args, ready, { cwd: home, env });
  };
  const receiver = await start('receiver', 'token-receiver.service', [], RECEIVER_READY);
  const sender = await start('sender', 'token-refresh-sender.service', flags, SENDER_READY);
  return {
    systemd,
    api: join(home, 'token-relay/api.sock'),
    receiver: { name: 'token-receiver, as its unit runs it', process: receiver },
    sender: { name: 'token-refresh-sender, as its unit runs it', process: sender },
  };
}

/** The sandbox is gone afterwards: nobody who idles asks it for anything. */
async function makeHome(folder: string): Promise<{ readonly home: string; readonly flags: readonly string[] }> {
  await using sandbox = await startSandbox();
  const home = join(mkdtempSync(join(folder, 'idle-')), 'home');
  return { home, flags: makeSenderHome(home, sandbox) };
}

export function readUnit(path: string): { readonly nodeFlags: readonly string[]; readonly watchdogUs: number } {
  const text = readFileSync(path, 'utf8');
  const flags = /^ExecStart=\S+\/node (.*?)\S+main\.cjs run$/m.exec(text)?.[1];
  const seconds = Number(/^WatchdogSec=(\d+)$/m.exec(text)?.[1]);
  if (flags === undefined || !Number.isFinite(seconds)) throw new Error(`${path} says ExecStart= or WatchdogSec= anew`);
  return { nodeFlags: flags.split(' ').filter((flag) => flag !== ''), watchdogUs: seconds * 1e6 };
}
