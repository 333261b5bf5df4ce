/** A machine with the package on it: built here, installed there as an administrator does it, set up for the sandbox. */
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import type { JournalEntry } from './journal.ts';
import { Machine } from './machine.ts';
import { runToEnd } from './program.ts';
import { APP_KEY, APP_SECRET, MachineSandbox, TOKEN_URL } from './sandbox.ts';

export const SENDER = 'token-refresh-sender.service';
export const RECEIVER = 'token-receiver.service';
export const BOTH = [SENDER, RECEIVER] as const;
export const TOKEN_FILE = '/var/lib/token-relay/schwab_tokens.json';
export const APP_CONFIG = '/etc/token-relay/schwab_app_config.yaml';
export const SENDER_SETTINGS = '/etc/token-relay/sender.yaml';
export const RECEIVER_SETTINGS = '/etc/token-relay/receiver.yaml';

const CHECKOUT_HERE = join(import.meta.dirname, '../..');
/** With nothing in any cache; otherwise it takes two seconds. */
const BUILD_LIMIT_MS = 300_000;

/** Builds the package. @returns its path here */
export async function buildPackage(version?: string): Promise<string> {
  const folder = join(CHECKOUT_HERE, '.cache/systemd-tests', version ?? 'present');
  mkdirSync(folder, { recursive: true });
  const flags = [`--output=${folder}`, ...(version === undefined ? [] : [`--package-version=${version}`])];
  const env = { PATH: process.env['PATH'] ?? '', HOME: process.env['HOME'] ?? '/', LANG: 'C.UTF-8' };
  const command = [join(CHECKOUT_HERE, 'scripts/package'), ...flags];
  const { stdout, stderr, exitCode } = await runToEnd(command, { env, timeoutMs: BUILD_LIMIT_MS });
  const file = stdout.trim().split('\n').at(-1);
  if (exitCode !== 0 || file === undefined) throw new Error(`The package cannot be built:\n${stderr}${stdout}`);
  return file;
}

/** Boots a machine that is ready for the package: nothing of it is there yet. */
export async function bootForPackage(): Promise<Machine> {
  const machine = await Machine.boot();
  // Images for containers have one that keeps packages from starting anything. A machine has none.
  await machine.must('rm', '--force', '/usr/sbin/policy-rc.d');
  return machine;
}

/** Installs it, whichever version is there. @returns what was said meanwhile */
export async function install(machine: Machine, file: string): Promise<string> {
  const folder = '/srv/package';
  await machine.copyIn(file, folder);
  const path = join(folder, file.slice(file.lastIndexOf('/') + 1));
  const flags = ['--yes', '--allow-downgrades', '--option=Dpkg::Use-Pty=0'];
  const env = { DEBIAN_FRONTEND: 'noninteractive' };
  const { stdout, stderr, exitCode } = await machine.runWith({ env }, 'apt-get', 'install', ...flags, path);
  await machine.must('rm', path);
  if (exitCode !== 0) throw new Error(`${file} cannot be installed:\n${stderr}${stdout}`);
  return stdout + stderr;
}

/** Writes into a file as an editor does: its owner and mode stay. */
export async function edit(machine: Machine, path: string, change: (text: string) => string): Promise<void> {
  const text = change(await machine.read(path));
  await machine.mustWith({ input: text }, 'sh', '-c', 'cat | cat >"$0"', path);
}

/** The app's secret, and the sandbox in place of Schwab. */
export async function configure(machine: Machine): Promise<void> {
  await edit(machine, APP_CONFIG, (text) =>
    text.replace(/^app_key:.*$/m, `app_key: ${APP_KEY}`).replace(/^app_secret:.*$/m, `app_secret: ${APP_SECRET}`),
  );
  await edit(machine, SENDER_SETTINGS, (text) => `${text}\ntoken_url: ${TOKEN_URL}\n`);
}

/** A login that was made elsewhere: its token file is put where the service has it. */
export async function putLogin(machine: Machine, tokenFileText: string): Promise<void> {
  await machine.write(TOKEN_FILE, tokenFileText, 0o600, 'token-sender');
}

export interface Installed {
  readonly machine: Machine;
  readonly sandbox: MachineSandbox;
}

/** The package installed and set up, and logged in; neither daemon was started by hand. */
export async function bootInstalled(): Promise<Installed> {
  const [machine, file] = await Promise.all([bootForPackage(), buildPackage()]);
  const [sandbox] = await Promise.all([MachineSandbox.start(machine), install(machine, file)]);
  await configure(machine);
  await putLogin(machine, await sandbox.tokenFileText());
  return { machine, sandbox };
}

export async function savedToken(machine: Machine): Promise<string> {
  const file = JSON.parse(await machine.read(TOKEN_FILE)) as { token: { access_token: string } };
  return file.token.access_token;
}

/** Resolves when the receiver hands out what the sender has saved. @returns the access token */
export function delivered(machine: Machine): Promise<string> {
  return machine.waitFor('the token that the sender has saved, at the receiver', async () => {
    const { stdout } = await machine.run('token-receiver', 'token');
    return stdout !== '' && stdout.trim() === (await savedToken(machine)) ? stdout.trim() : undefined;
  });
}

/** Where the journal ends now. */
export async function endOfJournal(machine: Machine): Promise<string> {
  await machine.must('journalctl', '--sync');
  const last = await machine.must('journalctl', '--lines=1', '--output=json');
  return (JSON.parse(last) as { __CURSOR: string }).__CURSOR;
}

/**
 * What the journal has of a unit after that place. With --after-cursor, journalctl would leave out one line more, if the
 * one at the cursor is another unit's (systemd before 254).
 */
export async function journalSince(machine: Machine, unit: string, cursor: string, ...filters: readonly string[]) {
  const entries = await machine.journal(unit, `--cursor=${cursor}`, ...filters);
  return entries.filter((entry) => entry.cursor !== cursor);
}

/** What the unit itself has said since then, each line after its priority: `6 Stopped`. */
export async function linesSince(machine: Machine, unit: string, cursor: string): Promise<readonly string[]> {
  const own = (await journalSince(machine, unit, cursor)).filter((entry) => entry.unit === unit);
  return own.map(({ priority, message }) => `${priority} ${message}`);
}

/** The first line since then, systemd's about the unit included, as soon as it is there. */
export function lineSince(machine: Machine, unit: string, pattern: RegExp, cursor: string): Promise<JournalEntry> {
  return machine.waitFor(`A line of ${unit} that matches ${String(pattern)}`, async () =>
    (await journalSince(machine, unit, cursor)).find(({ message }) => pattern.test(message)),
  );
}

export async function mainPid(machine: Machine, unit: string): Promise<number> {
  return Number((await machine.show(unit, 'MainPID')).MainPID);
}

/** Resolves when it runs, ready, as another process than before. */
export async function runsAnew(machine: Machine, unit: string, formerPid: number): Promise<void> {
  await machine.waitFor(`another process of ${unit}`, async () => {
    const { MainPID, ActiveState } = await machine.show(unit, 'MainPID', 'ActiveState');
    return ActiveState === 'active' && Number(MainPID) !== formerPid && MainPID !== '0' ? true : undefined;
  });
}
