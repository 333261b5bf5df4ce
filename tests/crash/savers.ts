/** Everything of the product that replaces a file, each behind the same few words, for the program that is killed at it. */
import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Log } from '@token-relay/daemon';
import { fileStore, readTokenFile, TokenManager, type FileStoreOptions } from '@token-relay/tokens';
import { readState } from '../../apps/receiver/src/holding/read-state.ts';
import { StateFile } from '../../apps/receiver/src/holding/state-file.ts';
import { formatState } from '../../apps/receiver/src/holding/state-text.ts';
import type { WriterReport } from '../../apps/receiver/src/holding/newest-writer.ts';
import { Sink } from '../../apps/receiver/src/sinks/sink.ts';
import { sinkText } from '../../apps/receiver/src/sinks/sink-text.ts';
import { reminderFile, reminderStore } from '../../apps/sender/src/week/reminder-store.ts';

/** `torn`: neither whole nor missing. */
export type Version = 'missing' | 'old' | 'new' | 'newer' | 'torn';
export type SaveName = 'old' | 'new' | 'newer';

/** What a save said of itself. `said`: what a log would show. */
export interface SaveReport {
  readonly saved: boolean;
  readonly said: readonly string[];
}

export interface Saver {
  readonly file: string;
  /** What a start does, before anything is saved. */
  readonly start: () => Promise<void>;
  readonly save: (version: SaveName) => Promise<SaveReport>;
  /** Brings what the last save could not. */
  readonly again: () => Promise<SaveReport>;
  /** What is held in memory, where that is more than the file. */
  readonly held: () => string | undefined;
  /** What a start would find, all of it looked at. */
  readonly look: () => Promise<Version>;
}

export const SAVER_NAMES = [
  'token file',
  'encrypted token file',
  'sink',
  'reminders',
  'state file in memory',
  'state file on a disk',
] as const;
export type SaverName = (typeof SAVER_NAMES)[number];

const LOGIN = 1_762_983_055;
const NOW_MS = (LOGIN + 3_600) * 1_000;
const KEY = Buffer.alloc(32, 7);
const GENERATIONS = { old: 1, new: 2, newer: 3 } as const;
/** Long enough for more than a page. */
export const accessToken = (version: SaveName): string => `made-up-access-${version}-${'x'.repeat(5_000)}`;
const refreshToken = (version: SaveName): string => `made-up-refresh-${version}`;

export const SAVER_SECRETS: readonly string[] = [
  KEY.toString('hex'),
  ...(['old', 'new', 'newer'] as const).flatMap((version) => [accessToken(version), refreshToken(version)]),
];

export function makeSaver(name: SaverName, folder: string): Saver {
  switch (name) {
    case 'token file':
      return tokenFile(join(folder, 'schwab_tokens.json'), {});
    case 'encrypted token file':
      return tokenFile(join(folder, 'schwab_tokens.json'), { encryption: { key: KEY, write: true } });
    case 'sink':
      return sink(join(folder, 'token.json'));
    case 'reminders':
      return reminders(join(folder, 'schwab_tokens.json'));
    case 'state file in memory':
    case 'state file on a disk':
      return stateFile(join(folder, 'api.state.json'));
  }
}

function tokenFile(file: string, options: FileStoreOptions): Saver {
  let next: SaveName = 'old';
  const manager = new TokenManager({
    store: fileStore(file, options),
    nowMs: () => NOW_MS,
    refresh: () =>
      Promise.resolve({ accessToken: accessToken(next), refreshToken: refreshToken(next), expiresInSeconds: 1800 }),
  });
  const report = async (work: Promise<unknown>): Promise<SaveReport> => {
    const said = await work.then(
      () => [],
      (error: unknown) => [String(error)],
    );
    return { saved: manager.isSaved(), said };
  };
  return {
    file,
    start: async () => {
      await manager.load();
    },
    save: async (version) => {
      next = version;
      if (version === 'old') {
        const otherMembers = { file: { note: 'kept' }, token: { theirs: 'kept' } };
        const tokens = { accessToken: accessToken('old'), refreshToken: refreshToken('old') };
        return report(manager.set({ ...tokens, loginAtMs: LOGIN * 1_000, expiresAtMs: NOW_MS, otherMembers }));
      }
      const result = await manager.refreshNow();
      return { saved: manager.isSaved(), said: result.status === 'refreshed_not_saved' ? [result.error.message] : [] };
    },
    again: () => report(manager.saveAgain()),
    held: () => manager.getAccessToken(),
    look: async () => {
      if (!existsSync(file)) return 'missing';
      const read = await readTokenFile(file, { encryptionKey: KEY }).catch(() => undefined);
      if (read === undefined || read.isEncrypted !== (options.encryption !== undefined)) return 'torn';
      const { tokenSet } = read;
      const isWhole = tokenSet.loginAtMs === LOGIN * 1_000 && tokenSet.otherMembers?.file['note'] === 'kept';
      const found = names.find(
        (name) => tokenSet.accessToken === accessToken(name) && tokenSet.refreshToken === refreshToken(name),
      );
      return isWhole && tokenSet.otherMembers.token['theirs'] === 'kept' && found !== undefined ? found : 'torn';
    },
  };
}

const names = ['old', 'new', 'newer'] as const;

function sink(file: string): Saver {
  const held = (version: SaveName) => ({
    message: { accessToken: accessToken(version), expiresAtMs: NOW_MS },
    generation: GENERATIONS[version],
    receivedAtMs: NOW_MS,
    from: 'unix' as const,
  });
  const log = new SaidLog();
  const made = new Sink({ path: file, format: 'json', mode: 0o600 }, log);
  return {
    ...background(file, log, made),
    save: (version) => {
      made.put(held(version));
      return attempted(made, log);
    },
    look: () => textVersion(file, (name) => sinkText(held(name), 'json')),
  };
}

function stateFile(file: string): Saver {
  const log = new SaidLog();
  let version: SaveName = 'old';
  const text = (withToken: boolean): string => {
    const generation = GENERATIONS[version];
    const message = { accessToken: accessToken(version) };
    const held = { message, generation, receivedAtMs: NOW_MS, from: 'unix' as const };
    return formatState(withToken ? { generation, held } : { generation }, '[]');
  };
  const made = new StateFile({ path: file, isDefault: true, log, text });
  return {
    ...background(file, log, made),
    save: (name) => {
      version = name;
      made.changed();
      return attempted(made, log);
    },
    look: () => {
      if (!existsSync(file)) return Promise.resolve('missing');
      const { generation } = readState(file, { uid: process.getuid?.() ?? 0, log: new SaidLog() });
      return Promise.resolve(names.find((name) => GENERATIONS[name] === generation) ?? 'torn');
    },
  };
}

function reminders(tokenFilePath: string): Saver {
  const file = reminderFile(tokenFilePath);
  const log = new SaidLog();
  const store = reminderStore(tokenFilePath, log);
  const hours = { old: [48], new: [48, 24], newer: [48, 24, 6] } as const;
  let last: SaveName = 'old';
  const save = async (version: SaveName): Promise<SaveReport> => {
    last = version;
    const before = log.said.length;
    await store.save({ creationTimestamp: LOGIN, given: hours[version], unknownSaid: false });
    return { saved: log.said.length === before, said: log.said.slice(before) };
  };
  return {
    file,
    start: async () => {
      await store.load();
    },
    save,
    again: () => save(last),
    held: () => undefined,
    look: async () => {
      if (!existsSync(file)) return 'missing';
      const { given } = await store.load();
      return names.find((name) => hours[name].length === given.length) ?? 'torn';
    },
  };
}

/** What works in the background: the last attempt of its end is the one that brings what was not written. */
function background(
  file: string,
  log: SaidLog,
  writer: { report(): WriterReport; close(): Promise<void> },
): Pick<Saver, 'file' | 'start' | 'again' | 'held'> {
  return {
    file,
    start: () => Promise.resolve(),
    again: async () => {
      await writer.close();
      return { saved: writer.report().state === 'ok', said: log.said };
    },
    held: () => undefined,
  };
}

async function attempted(writer: { report(): WriterReport }, log: SaidLog): Promise<SaveReport> {
  const { writes, failures } = writer.report();
  const sum = writes + failures;
  for (;;) {
    const now = writer.report();
    if (now.writes + now.failures > sum) return { saved: now.state === 'ok', said: log.said };
    await new Promise(setImmediate);
  }
}

async function textVersion(file: string, textOf: (name: SaveName) => string): Promise<Version> {
  if (!existsSync(file)) return 'missing';
  const text = await readFile(file, 'utf8');
  return names.find((name) => textOf(name) === text) ?? 'torn';
}

class SaidLog implements Log {
  readonly said: string[] = [];
  readonly debug = (): void => undefined;
  readonly info = (): void => undefined;
  readonly warn = (message: string): void => void this.said.push(message);
  readonly error = (message: string): void => void this.said.push(message);
}
