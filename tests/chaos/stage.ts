/** Where the chaos takes place: folders and small disks, a sandbox of Schwab as a process, and the three daemons. */
import { type ChildProcess, execFileSync } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:net';
import { join } from 'node:path';
import { Daemon } from './daemon.ts';
import { folderPath, makeFolder, mountDisk, NOBODY, own } from './folders.ts';
import { INSPECTABLE } from './live-heap.ts';
import { recordOutput, recordSecret } from '../record/record.ts';
import {
  DISKS,
  FOLDERS,
  RECEIVERS,
  type DaemonName,
  type Entrance,
  type FolderName,
  type ReceiverName,
} from './plan.ts';
import { APP_SECRET, startSandbox } from './sandbox-process.ts';
import type { Witness } from './witness.ts';

export class Stage {
  readonly folder: string;
  readonly daemons: Readonly<Record<DaemonName, Daemon>>;
  readonly firstTokenFile: string;
  readonly #sandbox: ChildProcess;
  readonly #sandboxUrl: string;
  readonly #silent: Server;
  /** What may keep a daemon from starting, while it lasts and a moment longer. */
  #obstructions = 0;

  private constructor(folder: string, sandbox: { child: ChildProcess; url: string }, silent: Server, witness: Witness) {
    this.folder = folder;
    this.#sandbox = sandbox.child;
    this.#sandboxUrl = sandbox.url;
    this.#silent = silent;
    this.firstTokenFile = readFileSync(join(folder, 'login.json'), 'utf8');
    this.putTokenFile(this.firstTokenFile);
    const open = (name: DaemonName, args: readonly string[], session: string) =>
      new Daemon({
        name,
        args,
        cwd: folder,
        env: { PATH: process.env['PATH'] ?? '', XDG_RUNTIME_DIR: session, NODE_OPTIONS: INSPECTABLE },
        uid: NOBODY,
        witness,
        isStartObstructed: () => this.#obstructions > 0,
      });
    this.daemons = {
      // Named nowhere: this one makes its own folder, and makes it again.
      'receiver-a': open('receiver-a', this.#receiverArguments('receiver-a'), join(folder, 'runtime/a')),
      'receiver-b': open(
        'receiver-b',
        [
          `--unix-socket-path=${this.socket('receiver-b', 'token')}`,
          `--api-socket-path=${this.socket('receiver-b', 'api')}`,
          ...this.#receiverArguments('receiver-b'),
        ],
        folder,
      ),
      sender: open('sender', this.#senderArguments(), folder),
    };
  }

  /** Whether the modes of files bind the daemons. */
  readonly isUserOrdinary: boolean = NOBODY !== undefined;

  /** @param folder empty, and gone with the caller's mounts */
  static async open(folder: string, witness: Witness): Promise<Stage> {
    chmodSync(folder, 0o755);
    for (const disk of DISKS) mountDisk(join(folder, disk));
    mkdirSync(join(folder, 'runtime/a'), { mode: 0o700 });
    own(join(folder, 'runtime/a'));
    for (const name of FOLDERS) if (name !== 'run-a') makeFolder(join(folder, folderPath(name)));
    recordSecret(APP_SECRET);
    const app = join(folder, 'app.yaml');
    const secrets = `app_key: SandboxAppKey0123456789abcdefABC\napp_secret: ${APP_SECRET}`;
    writeFileSync(app, `${secrets}\ncallback_url: https://127.0.0.1:8182\n`, { mode: 0o600 });
    own(app);
    writeFileSync(join(folder, 'settings.yaml'), '');
    // A target that takes connections and never answers.
    const silent = createServer((socket) => socket.on('error', () => undefined).resume());
    await once(silent.listen(join(folder, 'never.sock')), 'listening');
    chmodSync(join(folder, 'never.sock'), 0o777);
    return new Stage(folder, await startSandbox(join(folder, 'login.json')), silent, witness);
  }

  path(name: string): string {
    return join(this.folder, name);
  }

  folderPath(name: FolderName): string {
    return join(this.folder, folderPath(name));
  }

  socket(receiver: ReceiverName, name: 'token' | 'api' | 'credential'): string {
    return join(this.folderPath(receiver === 'receiver-a' ? 'run-a' : 'run-b'), `${name}.sock`);
  }

  entrance([daemon, socket]: Entrance): string {
    return daemon === 'sender' ? this.controlSocket : this.socket(daemon, socket);
  }

  get controlSocket(): string {
    return join(this.folderPath('run-sender'), 'control.sock');
  }

  get tokenFile(): string {
    return join(this.folderPath('tokens'), 'schwab_tokens.json');
  }

  /** What the sinks `raw` and `json` and the hook of a receiver write. */
  file(receiver: ReceiverName, name: 'raw' | 'json' | 'hook'): string {
    return join(this.folderPath('sinks'), `${receiver}.${name}`);
  }

  putTokenFile(text: string): void {
    writeFileSync(this.tokenFile, text);
    chmodSync(this.tokenFile, 0o600);
    own(this.tokenFile);
  }

  /** Those that are left: the chaos removes some. */
  logFiles(): { readonly name: string; readonly text: string }[] {
    const folder = this.folderPath('logs');
    return readdirSync(folder).map((name) => ({ name, text: readFileSync(join(folder, name), 'utf8') }));
  }

  makeFolder(name: FolderName): void {
    makeFolder(this.folderPath(name));
  }

  /** Of the sandbox's own interface. */
  async control(method: string, path: string, body?: object): Promise<unknown> {
    const answer = await fetch(`${this.#sandboxUrl}/sandbox/${path}`, {
      method,
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    const text = await answer.text();
    if (!answer.ok) throw new Error(`the sandbox answered ${answer.status}: ${text}`);
    return text === '' ? undefined : JSON.parse(text);
  }

  /** Meanwhile, and while what was started then may still be starting, a daemon may fail to start. */
  async obstructed(work: () => Promise<void>): Promise<void> {
    this.#obstructions += 1;
    try {
      await work();
    } finally {
      setTimeout(() => (this.#obstructions -= 1), 3_000).unref();
    }
  }

  /** Each receiver, and the sender. */
  all(): Daemon[] {
    return Object.values(this.daemons);
  }

  async close(): Promise<void> {
    await Promise.all(this.all().map((daemon) => daemon.end()));
    for (const { name, text } of this.logFiles()) recordOutput(`log-file-${name}`, text);
    this.#sandbox.kill('SIGKILL');
    this.#silent.close();
    for (const disk of DISKS) execFileSync('umount', ['--lazy', join(this.folder, disk)]);
    rmSync(this.folder, { recursive: true, force: true });
  }

  #receiverArguments(name: ReceiverName): string[] {
    // What an earlier one could not remove, because the folder was closed, goes first.
    const hook = 'rm -f "$0".[0-9]*; cat > "$0.$$" && mv "$0.$$" "$0" || rm -f "$0.$$"';
    return [
      `--config=${this.path('settings.yaml')}`,
      `--log-file=${join(this.folderPath('logs'), `${name}.log`)}`,
      `--sinks=${JSON.stringify((['raw', 'json'] as const).map((format) => ({ path: this.file(name, format), format })))}`,
      `--hooks=${JSON.stringify({ token: [['sh', '-c', hook, this.file(name, 'hook')]] })}`,
    ];
  }

  #senderArguments(): string[] {
    const targets = RECEIVERS.map((name) => ({ name, unix: this.socket(name, 'token') }));
    return [
      `--config=${this.path('settings.yaml')}`,
      `--app-config=${this.path('app.yaml')}`,
      `--token-file=${this.tokenFile}`,
      `--token-url=${this.#sandboxUrl}/v1/oauth/token`,
      `--targets=${JSON.stringify([...targets, { name: 'never', unix: this.path('never.sock') }])}`,
      `--control-socket-path=${this.controlSocket}`,
      `--log-file=${join(this.folderPath('logs'), 'sender.log')}`,
      '--refresh-interval=3s',
      '--http-timeout=3s',
    ];
  }
}
