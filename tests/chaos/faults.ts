/** Does what a plan says, and undoes it. */
import { chmodSync, existsSync, mkdirSync, readFileSync, rmSync, unlinkSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { FOLDERS, type DaemonName, type DiskName, type Fault, type Strike } from './plan.ts';
import { limitDescriptors, processFacts } from './process-facts.ts';
import { pause } from './readers.ts';
import type { Stage } from './stage.ts';

const CONNECTIONS = 60;
const COMES_AGAIN_MS = 100;
const USUAL_DESCRIPTORS = 4_096;
/** More than the disk of the sockets has names for. */
const NAMES = 300;

export class Faults {
  readonly #stage: Stage;
  /** Texts that were put into the token file here: nobody's save. */
  readonly planted = new Set<string>();
  /** How often the token file had to be put back, because the only sender that knew the tokens was killed. */
  restoredTokenFiles = 0;
  #fillers = 0;

  constructor(stage: Stage) {
    this.#stage = stage;
  }

  /** Resolves when all have been done and undone. */
  async run(strikes: readonly Strike[]): Promise<void> {
    await Promise.all(
      strikes.map(async ({ atMs, fault }) => {
        await sleep(atMs);
        await this.#strike(fault);
      }),
    );
    this.#heal();
    await this.#stage.control('DELETE', 'faults');
  }

  async #strike(fault: Fault): Promise<void> {
    const stage = this.#stage;
    switch (fault.kind) {
      case 'kill':
        stage.daemons[fault.daemon].kill();
        return;
      case 'freeze':
        return this.#freeze(fault.daemon, fault.ms);
      case 'stop':
        return stage.daemons[fault.daemon].stopFor(fault.ms);
      case 'remove_socket':
        ignoreMissing(() => unlinkSync(this.#socketPath(fault.socket)));
        return;
      case 'close_folder':
        return stage.obstructed(async () => {
          ignoreMissing(() => chmodSync(stage.folderPath(fault.folder), fault.mode));
          await sleep(fault.ms);
          ignoreMissing(() => chmodSync(stage.folderPath(fault.folder), 0o700));
        });
      case 'remove_folder':
        return stage.obstructed(async () => {
          // The daemon makes its socket again while this goes on.
          rmSync(stage.folderPath(fault.folder), { recursive: true, force: true, maxRetries: 20, retryDelay: 20 });
          await sleep(fault.ms);
          // The log's folder is the daemon's to make.
          if (fault.folder !== 'logs') await this.#putBack(fault.folder);
        });
      case 'spoil_token_file':
        this.#spoil(fault.how);
        return;
      case 'fill_disk':
        return stage.obstructed(() => this.#fillDisk(fault.disk, fault.ms));
      case 'use_up_descriptors':
        return stage.obstructed(() => this.#useUpDescriptors(fault));
      case 'schwab':
        await stage.control('POST', 'faults', { ...fault.fault, times: fault.times });
    }
  }

  async #freeze(name: DaemonName, ms: number): Promise<void> {
    const daemon = this.#stage.daemons[name];
    daemon.signal('SIGSTOP');
    await sleep(ms);
    daemon.signal('SIGCONT');
  }

  #socketPath(socket: string): string {
    const [folder, name = ''] = socket.split('/');
    const found = FOLDERS.find((one) => one === folder);
    if (found === undefined) throw new Error(`there is no folder ${socket}`);
    return `${this.#stage.folderPath(found)}/${name}`;
  }

  /** The disk may be full, by another fault: then as soon as there is room. */
  async #putBack(folder: Parameters<Stage['makeFolder']>[0]): Promise<void> {
    while (!existsSync(this.#stage.folderPath(folder))) {
      try {
        this.#stage.makeFolder(folder);
      } catch (error) {
        if (!(error instanceof Error && 'code' in error && error.code === 'ENOSPC')) throw error;
        await sleep(200);
      }
    }
  }

  #spoil(how: 'removed' | 'torn' | 'older'): void {
    const { tokenFile, firstTokenFile } = this.#stage;
    ignoreMissing(() => {
      if (how === 'removed') {
        unlinkSync(tokenFile);
        return;
      }
      const text = how === 'older' ? firstTokenFile : readFileSync(tokenFile, 'utf8').slice(0, 150);
      this.planted.add(text);
      // As a program would that knows nothing of renaming.
      this.planted.add('');
      this.#stage.putTokenFile(text);
    });
  }

  async #fillDisk(disk: DiskName, ms: number): Promise<void> {
    const folder = this.#stage.path(`${disk}/filler-${(this.#fillers += 1)}`);
    ignoreMissing(() => mkdirSync(folder));
    ignoreMissing(() => writeFileSync(`${folder}/bytes`, Buffer.alloc(4 * 1024 ** 2)));
    // A socket takes a name and no bytes.
    if (disk === 'runtime') {
      ignoreMissing(() => {
        for (let name = 0; name < NAMES; name += 1) writeFileSync(`${folder}/${name}`, '');
      });
    }
    await sleep(ms);
    rmSync(folder, { recursive: true, force: true });
  }

  async #useUpDescriptors({ through, spare, ms }: Extract<Fault, { kind: 'use_up_descriptors' }>): Promise<void> {
    const { pid } = this.#stage.daemons[through[0]];
    const facts = processFacts(pid);
    if (facts === undefined || !limitDescriptors(pid, Math.max(1, facts.descriptors + spare))) return;
    const path = this.#stage.entrance(through);
    const over = new AbortController();
    const crowd = Array.from({ length: CONNECTIONS }, () => stayConnected(path, over.signal));
    await sleep(ms);
    over.abort();
    await Promise.all(crowd);
    limitDescriptors(pid, USUAL_DESCRIPTORS);
  }

  /** What an overlapping fault may have left. The token file is put back as a person would who has a copy. */
  #heal(): void {
    const stage = this.#stage;
    for (const daemon of stage.all()) {
      daemon.signal('SIGCONT');
      limitDescriptors(daemon.pid, USUAL_DESCRIPTORS);
    }
    for (const name of FOLDERS) {
      if (name !== 'logs') stage.makeFolder(name);
      else ignoreMissing(() => chmodSync(stage.folderPath(name), 0o700));
    }
    if (!isWholeTokenFile(stage.tokenFile)) {
      this.restoredTokenFiles += 1;
      stage.putTokenFile(stage.firstTokenFile);
    }
  }
}

/** Says nothing, and comes again when it is turned away. */
async function stayConnected(path: string, signal: AbortSignal): Promise<void> {
  while (!signal.aborted) {
    const connection = connect({ path, signal }).resume();
    connection.on('error', () => undefined);
    await new Promise((resolve) => connection.once('close', resolve));
    await pause(COMES_AGAIN_MS, signal);
  }
}

function isWholeTokenFile(path: string): boolean {
  try {
    JSON.parse(readFileSync(path, 'utf8'));
    return true;
  } catch {
    return false;
  }
}

/** The disk may be full, and another fault may have removed it already. */
function ignoreMissing(action: () => void): void {
  try {
    action();
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? error.code : undefined;
    if (code !== 'ENOENT' && code !== 'ENOSPC' && code !== 'ENXIO') throw error;
  }
}
