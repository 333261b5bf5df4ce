/** A bundled saving program, and its runs under strace, each in a folder of its own. */
import { build } from 'esbuild';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, copyFileSync, mkdtempSync, rmSync, statfsSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { recordOutput, recordSecret } from '../record/record.ts';
import { pathsOfSave } from './known-paths.ts';
import { numberOf, placesToLookAt, withPlaces, type SaveCall } from './single-out.ts';
import { makeSaver, SAVER_SECRETS, type SaveName, type SaverName } from './savers.ts';
import type { Step } from './saving-program.ts';
import { traced, type Call, type Injection, type Traced } from './strace.ts';

/** Two cores: more at a time would only wait for each other. */
const AT_A_TIME = 2;
const TMPFS = 0x01021994;
/** Where an fsync is a call like any other: on a busy disk one can take a minute. */
const IN_MEMORY = '/dev/shm';
const ON_DISK = [tmpdir(), '/var/tmp', import.meta.dirname].find((folder) => statfsSync(folder).type !== TMPFS);

export interface Fault {
  readonly call: SaveCall;
  readonly what: Injection;
}

export interface FaultedRun {
  readonly trace: Traced;
  readonly steps: readonly Step[];
  /** Whether strace can tell the calls from those of the same name in other threads; else it tampers with one of these too. */
  readonly isSingledOut: boolean;
  /** What a process finds that starts afterwards, and what it then saves; empty if the run came to its end undisturbed. */
  readonly next: readonly Step[];
}

/** The saving program in one file, which starts in half the time. */
export class SaveRig {
  readonly #folder = mkdtempSync(join(tmpdir(), 'crash-'));
  readonly #program = join(this.#folder, 'saving-program.mjs');
  readonly #prepared = new Map<SaverName, string>();

  static async make(): Promise<SaveRig> {
    const rig = new SaveRig();
    for (const secret of SAVER_SECRETS) recordSecret(secret);
    await build({
      entryPoints: [join(import.meta.dirname, 'saving-program.ts')],
      outfile: rig.#program,
      bundle: true,
      platform: 'node',
      format: 'esm',
      conditions: ['source'],
      logLevel: 'warning',
    });
    return rig;
  }

  close(): void {
    rmSync(this.#folder, { recursive: true, force: true });
  }

  /** The calls of a save, some of which go wrong as told: those between the two marks, and the mark of the end. */
  async callsOf(name: SaverName, faults: readonly Fault[] = []): Promise<readonly SaveCall[]> {
    return this.#inFolder(name, async (folder) => {
      const paths = this.#paths(name, folder);
      const { calls, stderr, code } = await this.#trace(name, folder, faults, paths);
      const save = between(withPlaces(calls, paths));
      if (save.length === 0) throw new Error(`no save in the trace of a program that ended with ${code}: ${stderr}`);
      return save;
    });
  }

  async run(name: SaverName, faults: readonly Fault[]): Promise<FaultedRun> {
    return this.#inFolder(name, async (folder) => {
      const calls = faults.map(({ call }) => call);
      const all = this.#paths(name, folder);
      const chosen = placesToLookAt(calls, all.length);
      const lookedAt = chosen ?? new Set(calls.flatMap(({ places }) => places));
      const paths = all.filter((_path, place) => lookedAt.has(place));
      const trace = await this.#trace(name, folder, faults, paths);
      const steps = stepsOf(trace.stdout);
      // Not the rest of a step, which has the token that is held.
      recordOutput('saves', [...steps.flatMap(({ said = [] }) => said), trace.stderr, ''].join('\n'));
      // Whoever comes to the end undisturbed has looked, and saved again, by itself.
      const isAtEnd = steps.at(-1)?.step === 'again' && !isHitElsewhere(trace);
      return {
        trace,
        steps,
        isSingledOut: chosen !== undefined,
        next: isAtEnd ? [] : stepsOf(await this.#plain(name, folder, 'newer')),
      };
    });
  }

  #paths(name: SaverName, folder: string): string[] {
    return [...pathsOfSave(makeSaver(name, folder).file), join(folder, '.begin'), join(folder, '.end')];
  }

  async #inFolder<T>(name: SaverName, work: (folder: string) => Promise<T>): Promise<T> {
    const old = await this.#oldFile(name);
    const parent = name === 'state file on a disk' ? (ON_DISK ?? tmpdir()) : IN_MEMORY;
    const folder = mkdtempSync(join(parent, 'crash-'));
    try {
      const file = join(folder, basename(old));
      copyFileSync(old, file);
      chmodSync(file, 0o600);
      return await work(folder);
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  }

  /** The file as it is before each run, made once by the product itself. */
  async #oldFile(name: SaverName): Promise<string> {
    let folder = this.#prepared.get(name);
    if (folder === undefined) {
      const parent = name === 'state file on a disk' ? this.#folder : IN_MEMORY;
      folder = mkdtempSync(join(parent, 'old-'));
      await this.#plain(name, folder, 'old');
      const kept = mkdtempSync(join(this.#folder, 'old-'));
      const file = makeSaver(name, folder).file;
      copyFileSync(file, join(kept, basename(file)));
      rmSync(folder, { recursive: true });
      folder = kept;
      this.#prepared.set(name, folder);
    }
    return makeSaver(name, folder).file;
  }

  async #trace(name: SaverName, folder: string, faults: readonly Fault[], looked: readonly string[]): Promise<Traced> {
    const all = this.#paths(name, folder);
    // The marks are looked at in each run.
    const paths = [...new Set([...looked, ...all.slice(-2)])];
    const lookedAt = new Set(paths.map((path) => all.indexOf(path)));
    const inject = faults.map(({ call, what }) => ({ name: call.name, when: String(numberOf(call, lookedAt)), what }));
    return traced([process.execPath, this.#program, name, folder, 'new'], { paths, inject });
  }

  async #plain(name: SaverName, folder: string, version: SaveName): Promise<string> {
    const child = spawn(process.execPath, [this.#program, name, folder, version], {
      stdio: ['ignore', 'pipe', 'pipe'],
      timeout: 30_000,
    });
    let stdout = '';
    let stderr = '';
    child.stdout.on('data', (chunk: Buffer) => (stdout += chunk.toString()));
    child.stderr.on('data', (chunk: Buffer) => (stderr += chunk.toString()));
    const [code] = (await once(child, 'close')) as [number | null];
    if (code !== 0) throw new Error(`saving ${name} ended with ${code}: ${stderr}`);
    return stdout;
  }
}

/** Does the work for each item, some at a time. After a failure it begins no more, and ends when nothing runs any longer. */
export async function forEach<T>(items: readonly T[], work: (item: T) => Promise<void>): Promise<void> {
  const waiting = items.values();
  const failures: unknown[] = [];
  const worker = async (): Promise<void> => {
    for (const item of waiting) {
      await work(item).catch((error: unknown) => failures.push(error));
      if (failures.length > 0) return;
    }
  };
  await Promise.all(Array.from({ length: AT_A_TIME }, worker));
  if (failures.length > 0) throw failures[0];
}

function stepsOf(stdout: string): Step[] {
  return stdout
    .split('\n')
    .filter((line) => line.endsWith('}'))
    .map((line) => JSON.parse(line) as Step);
}

/** Whether strace tampered with a call after the save too: one of the same number, in another thread. */
export function isHitElsewhere({ calls }: Traced): boolean {
  return calls.filter((call) => call.injected).length > between(calls).filter((call) => call.injected).length;
}

/** The calls between the two marks. The mark of the end stays: to be killed there is to be killed after the last call. */
export function between<T extends Call>(calls: readonly T[]): readonly T[] {
  const begin = calls.findIndex(({ text }) => text.includes('/.begin"'));
  const end = calls.findIndex(({ text }) => text.includes('/.end"'));
  return begin === -1 || end <= begin ? [] : calls.slice(begin + 1, end + 1);
}
