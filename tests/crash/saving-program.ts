/**
 * usage: saving-program NAME FOLDER VERSION. Starts, looks, saves, looks, brings what was not saved, looks; one line of JSON for each step.
 * The save is between two looks at a file called `.begin` and one called `.end`, which are not there.
 */
import './known-names.ts';
import { existsSync } from 'node:fs';
import { lstat, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { makeSaver, SAVER_NAMES, type SaveName, type Version } from './savers.ts';

/** What a line says. `modes`: of every file in the folder, by name. */
export interface Step {
  readonly step: 'started' | 'saved' | 'again';
  readonly version: Version;
  readonly modes: Readonly<Record<string, number>>;
  readonly saved?: boolean;
  readonly said?: readonly string[];
  readonly held?: string;
}

const [, , name = '', folder = '', version = ''] = process.argv;
const known = SAVER_NAMES.find((candidate) => candidate === name);
if (known === undefined) throw new Error(`no such saver: ${name}`);
const saver = makeSaver(known, folder);

async function tell(step: Step['step'], report: { saved?: boolean; said?: readonly string[] } = {}): Promise<void> {
  // A fault that is meant for the save can hit this instead, once.
  const modes = await modesNow().catch(modesNow);
  const first = await saver.look();
  const version = first === 'torn' ? await saver.look() : first;
  const held = saver.held();
  const line: Step = { step, version, modes, ...report, ...(held === undefined ? {} : { held }) };
  process.stdout.write(`${JSON.stringify(line)}\n`);
}

async function modesNow(): Promise<Record<string, number>> {
  const modes: Record<string, number> = {};
  for (const file of await readdir(folder)) modes[file] = (await lstat(join(folder, file))).mode & 0o777;
  return modes;
}

// strace counts the calls of each thread, so this one makes none in the folder before the save that could be taken for one of the save's.
if (version === 'newer') await tell('started');
await saver.start();
existsSync(join(folder, '.begin'));
const report = await saver.save(version as SaveName);
existsSync(join(folder, '.end'));
await tell('saved', report);
await tell('again', await saver.again());
