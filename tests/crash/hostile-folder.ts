/** A folder that a stranger may write to, and what they can do there to have us harm a file of our own. Takes root. */
import { execFileSync, spawnSync } from 'node:child_process';
import {
  chmodSync,
  chownSync,
  lchownSync,
  linkSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { onTestFinished } from 'vitest';

/** Nobody has this number. */
export const STRANGER = 54_321;
const VICTIM = 'precious, and ours\n';

/** A user namespace would not do: without root it has one user. */
export function demandRoot(): void {
  if (process.geteuid?.() !== 0)
    throw new Error('Planted files take root, who alone can be two users: run this as root');
}

export class HostileFolder {
  readonly #root = mkdtempSync(join(tmpdir(), 'planted-'));
  /** Everyone may write here, and move and remove what others have put there. */
  readonly folder = join(this.#root, 'shared');
  /** A folder of ours, with one file of ours. */
  readonly ours = join(this.#root, 'ours');
  readonly #before: string;

  constructor() {
    onTestFinished(() => rmSync(this.#root, { recursive: true, force: true }));
    chmodSync(this.#root, 0o755);
    mkdirSync(this.folder);
    chmodSync(this.folder, 0o777);
    mkdirSync(this.ours, { mode: 0o755 });
    writeFileSync(this.victim, VICTIM);
    chmodSync(this.victim, 0o644);
    this.#before = this.#look();
  }

  get victim(): string {
    return join(this.ours, 'precious');
  }

  path(name: string): string {
    return join(this.folder, name);
  }

  /** Whether all of ours is as it was. */
  isUnharmed(): boolean {
    return this.#look() === this.#before;
  }

  #look(): string {
    const { mode, uid, gid, ino } = lstatSync(this.victim);
    const folder = lstatSync(this.ours);
    const state = [
      readFileSync(this.victim, 'utf8'),
      mode,
      uid,
      gid,
      ino,
      readdirSync(this.ours),
      folder.mode,
      folder.uid,
    ];
    return JSON.stringify(state);
  }

  /** The files in which the stranger can read the text, or what of it a pattern leaves open. */
  readableBy(stranger: number, text: string): string[] {
    const who = [`--reuid=${stranger}`, `--regid=${stranger}`, '--clear-groups'];
    const found = spawnSync('setpriv', [...who, 'grep', '-rlE', '--', text, this.#root], { encoding: 'utf8' });
    return found.stdout.split('\n').filter((line) => line !== '');
  }
}

export type Attack = (place: HostileFolder, path: string) => void;

/** What a stranger plants at a path, before we write to it. */
export const ATTACKS: Readonly<Record<string, Attack>> = {
  "a stranger's link to a file of ours": ({ victim }, path) => plantLink(victim, path),
  "a stranger's link to a name that is free in a folder of ours": ({ ours }, path) =>
    plantLink(join(ours, 'new'), path),
  'a second name of a file of ours': ({ victim }, path) => linkSync(victim, path),
  "a stranger's file that everyone may read": (_place, path) => {
    writeFileSync(path, '');
    chmodSync(path, 0o666);
    chownSync(path, STRANGER, STRANGER);
  },
  "a stranger's named pipe": (_place, path) => {
    execFileSync('mkfifo', [path]);
    chownSync(path, STRANGER, STRANGER);
  },
  "a stranger's folder": (_place, path) => {
    mkdirSync(path);
    chownSync(path, STRANGER, STRANGER);
  },
  "a stranger's link to a folder of ours, in the place of the folder": ({ ours, folder }, path) => {
    if (dirname(path) !== folder) throw new Error(`not in the shared folder: ${path}`);
    renameSync(folder, `${folder}.away`);
    plantLink(ours, folder);
  },
};

export function plantLink(target: string, path: string): void {
  symlinkSync(target, path);
  lchownSync(path, STRANGER, STRANGER);
}
