/** Every part of the daemons and commands that writes a file, each as one act of writing to a path that is given. */
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { onTestFinished } from 'vitest';
import { openLog, type Log } from '@token-relay/daemon';
import { bindUnixSocket } from '@token-relay/socket';
import { exportTokens, fileStore, generateEncryptionKey, TokenManager, type TokenSet } from '@token-relay/tokens';
import { StateFile } from '../../apps/receiver/src/holding/state-file.ts';
import { formatState } from '../../apps/receiver/src/holding/state-text.ts';
import { Sink } from '../../apps/receiver/src/sinks/sink.ts';
import { callbackCertificate } from '../../apps/sender/src/login/callback-certificate.ts';
import { recordSecret } from '../record/record.ts';
import { reminderFile, reminderStore } from '../../apps/sender/src/week/reminder-store.ts';

/** A pattern of what nobody else may read. */
export const SECRET = 'made-up-secret|PRIVATE KEY|^[0-9a-f]{64}$';

const TOKENS: TokenSet = {
  accessToken: 'made-up-secret-access',
  refreshToken: 'made-up-secret-refresh',
  idToken: 'made-up-secret-id',
  issuedAtMs: 1_762_983_055_000,
  loginAtMs: 1_762_983_055_000,
  expiresAtMs: 1_762_984_855_000,
};
for (const secret of ['made-up-secret-access', 'made-up-secret-refresh', 'made-up-secret-id']) recordSecret(secret);
const HELD = {
  message: { accessToken: 'made-up-secret-access' },
  generation: 1,
  receivedAtMs: 1_762_983_055_000,
  from: 'unix',
} as const;

export interface FileWriter {
  /** The file's name in its folder. */
  readonly file: string;
  /** Writes it, once; what was said of a failure. */
  readonly write: (path: string) => Promise<readonly string[]>;
}

export const WRITERS: Readonly<Record<string, FileWriter>> = {
  'the token file': {
    file: 'schwab_tokens.json',
    write: (path) => told(new TokenManager({ store: fileStore(path) }).set(TOKENS)),
  },
  'a backup': { file: 'backup.json', write: async (path) => told((await holder()).backup(path)) },
  'a migrated token file': { file: 'flat.json', write: async (path) => told((await holder()).migrate(path, 'flat')) },
  'an export that may overwrite': {
    file: 'export.json',
    write: (path) => told(exportTokens(TOKENS, path, 'schwab-py', { overwrite: true })),
  },
  "an export to Schwabdev's database that may overwrite": {
    file: 'tokens.db',
    write: (path) => told(exportTokens(TOKENS, path, 'schwabdev-db', { overwrite: true })),
  },
  'an encryption key': { file: 'token.key', write: (path) => told(generateEncryptionKey(path)) },
  'the reminders': {
    file: '.schwab_tokens.reminders.json',
    write: async (path) => {
      const log = new KeptLog();
      const tokenFile = join(dirname(path), 'schwab_tokens.json');
      if (reminderFile(tokenFile) !== path) throw new Error('another name');
      const store = reminderStore(tokenFile, log);
      await store.load();
      await store.save({ given: [48], unknownSaid: false });
      return log.said;
    },
  },
  "the callback's certificate": {
    file: '.callback-certificate.pem',
    write: async (path) => {
      const said: string[] = [];
      await callbackCertificate(path, Date.now(), (message) => said.push(message));
      return said;
    },
  },
  "the receiver's state file": {
    file: 'api.state.json',
    write: async (path) => {
      const log = new KeptLog();
      const text = (withToken: boolean): string =>
        formatState(withToken ? { generation: 1, held: HELD } : { generation: 1 }, '[]');
      const file = new StateFile({ path, isDefault: true, log, text });
      file.start();
      await file.close();
      return log.said;
    },
  },
  'a sink': {
    file: 'token.json',
    write: async (path) => {
      const log = new KeptLog();
      const sink = new Sink({ path, format: 'json', mode: 0o600 }, log);
      sink.put(HELD);
      await sink.close();
      return log.said;
    },
  },
  'the log file': {
    // The one that the name which is given becomes a link to.
    file: 'token_receiver.1.log',
    write: async (path) => {
      const said: string[] = [];
      const { log, close } = await openLog({
        level: 'info',
        format: 'text',
        file: path.replace('.1.log', '.log'),
        maxSizeBytes: 1_000_000,
        keep: 5,
        journal: false,
        write: (line) => said.push(line),
      });
      log.info('Started');
      await close();
      return said.filter((line) => line.includes('WARN'));
    },
  },
  'a socket': {
    file: 'token.sock',
    write: async (path) => {
      const server = createServer();
      onTestFinished(() => void server.close());
      return told(bindUnixSocket(server, path, { mode: 0o660, groupId: 0 }));
    },
  },
};

async function holder(): Promise<TokenManager> {
  const folder = mkdtempSync(join(tmpdir(), 'holder-'));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  const manager = new TokenManager({ store: fileStore(join(folder, 'schwab_tokens.json')) });
  await manager.set(TOKENS);
  return manager;
}

async function told(work: Promise<unknown>): Promise<readonly string[]> {
  try {
    await work;
    return [];
  } catch (error) {
    return [error instanceof Error ? error.message : String(error)];
  }
}

class KeptLog implements Log {
  readonly said: string[] = [];
  readonly debug = (): void => undefined;
  readonly info = (): void => undefined;
  readonly warn = (message: string): void => void this.said.push(message);
  readonly error = (message: string): void => void this.said.push(message);
}
