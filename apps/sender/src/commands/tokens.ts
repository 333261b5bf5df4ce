/** `token-refresh-sender tokens import|export|backup|migrate|clear`: the token file, in and out of other programs' forms. */
import { CommandFailure, ExitCode, LocalHttpError, requestLocal, type Surroundings } from '@token-relay/daemon';
import {
  exportTokens,
  fileStore,
  formatEnvironment,
  importTokens,
  saveAtomically,
  TokenManager,
  tokenSetFromEnvironment,
  type FileEncryption,
  type TokenFormat,
  type TokenSet,
} from '@token-relay/tokens';
import { lstat } from 'node:fs/promises';
import { resolve } from 'node:path';
import { createInterface } from 'node:readline';
import { asCommandFailure } from '../failures.ts';
import { readFileEncryption } from '../file-encryption.ts';
import { loginEndsAt } from '../login/login-lifetime.ts';
import { loadSenderSettings, type SenderSettings } from '../settings.ts';

type Flags = Readonly<Record<string, unknown>>;

export const FORMATS: readonly TokenFormat[] = ['schwab-py', 'flat', 'schwabdev-json', 'schwabdev-db'];
const ASK_DAEMON_MS = 5_000;

interface TokenCommand {
  readonly settings: SenderSettings;
  readonly encryption: FileEncryption | undefined;
  readonly manager: TokenManager;
  readonly say: (line: string) => void;
  readonly isDaemonRunning: boolean;
}

/** Reads another program's tokens, and makes them the login. */
export async function importCommand(surroundings: Surroundings, flags: Flags, source: string): Promise<void> {
  await withTokens(surroundings, flags, async ({ settings, encryption, manager, say, isDaemonRunning }) => {
    const { tokenSet, warnings } =
      source === 'env'
        ? fromEnvironment(surroundings.env)
        : await importTokens(resolve(surroundings.cwd, source), { encryptionKey: encryption?.key });
    for (const warning of warnings) surroundings.stderr.write(`warning: ${warning}\n`);
    await manager.load().catch(() => undefined);
    const held = manager.get();
    if (held?.loginAtMs !== undefined && !isNewer(tokenSet, held) && flags['force'] !== true) {
      throw new CommandFailure(
        `${settings.tokenFile} has a login that is as new or newer; nothing is changed. To import all the same, stop the sender and use --force.`,
        ExitCode.failed,
      );
    }
    if (isDaemonRunning && !(held === undefined || isNewer(tokenSet, held))) {
      throw new CommandFailure('The running sender would keep its newer login: stop it first.', ExitCode.failed);
    }
    await manager.set(tokenSet);
    const until = tokenSet.loginAtMs === undefined ? 'at an unknown time' : localTime(loginEndsAt(tokenSet.loginAtMs));
    say(`Imported to ${settings.tokenFile}; the login ends ${until}.`);
    if (isDaemonRunning) say('The running sender takes it over at once.');
  });
}

/** Writes the tokens for another program. */
export async function exportCommand(surroundings: Surroundings, flags: Flags, target: string): Promise<void> {
  await withTokens(surroundings, flags, async ({ manager, say }) => {
    const tokenSet = await present(manager);
    const path = resolve(surroundings.cwd, target);
    if (flags['as'] === 'env') {
      if (flags['force'] !== true) await refuseExisting(path);
      await saveAtomically(path, formatEnvironment(tokenSet));
      say(`Exported to ${path} (variables for a shell, readable by you alone).`);
      return;
    }
    const { lost } = await exportTokens(tokenSet, path, formatFrom(flags['as']), {
      overwrite: flags['force'] === true,
    });
    say(`Exported to ${path} (readable by you alone).`);
    if (lost.length > 0) say(`Not in this form, and so left out: ${lost.join(', ')}.`);
    say('Whoever has this file can act as you until the login ends.');
  });
}

/** Copies the token file, to a file that does not exist yet. */
export async function backupCommand(surroundings: Surroundings, flags: Flags, target: string): Promise<void> {
  await withTokens(surroundings, flags, async ({ manager, say }) => {
    await present(manager);
    const path = resolve(surroundings.cwd, target);
    await manager.backup(path);
    say(`Backed up to ${path} (readable by you alone).`);
  });
}

/** Turns the token file into another form, in place or elsewhere. */
export async function migrateCommand(surroundings: Surroundings, flags: Flags, target: string): Promise<void> {
  await withTokens(surroundings, flags, async ({ manager, say, isDaemonRunning, settings }) => {
    if (isDaemonRunning)
      throw new CommandFailure('Stop the sender first: it writes the token file too.', ExitCode.failed);
    await present(manager);
    const path = resolve(surroundings.cwd, target);
    const { lost } = await manager.migrate(path, formatFrom(flags['as']));
    say(`Written to ${path}.`);
    if (lost.length > 0) say(`Not in this form, and so left out: ${lost.join(', ')}.`);
    if (path !== settings.tokenFile) say(`To use it, set token_file to ${path}.`);
  });
}

/** Removes the token file, after asking. */
export async function clearCommand(surroundings: Surroundings, flags: Flags): Promise<void> {
  await withTokens(surroundings, flags, async ({ settings, manager, say, isDaemonRunning }) => {
    if (isDaemonRunning) {
      throw new CommandFailure('Stop the sender first: it would write its tokens again.', ExitCode.failed);
    }
    if (flags['yes'] !== true && !(await isAgreed(surroundings, settings.tokenFile))) {
      throw new CommandFailure('Nothing is changed.', ExitCode.failed);
    }
    await manager.clear();
    say(
      `${settings.tokenFile} is removed. Schwab's own record of the login ends with its 7 days, or with a new login.`,
    );
  });
}

async function withTokens(
  surroundings: Surroundings,
  flags: Flags,
  work: (command: TokenCommand) => Promise<void>,
): Promise<void> {
  const settings = await loadSenderSettings({ ...surroundings, flags });
  try {
    const encryption = await readFileEncryption(settings, surroundings.env['CREDENTIALS_DIRECTORY']);
    await work({
      settings,
      encryption,
      manager: new TokenManager({
        store: fileStore(settings.tokenFile, encryption === undefined ? {} : { encryption }),
      }),
      say: (line) => void surroundings.stdout.write(`${line}\n`),
      isDaemonRunning: await isDaemonRunning(settings.controlSocketPath),
    });
  } catch (error) {
    throw asCommandFailure(error);
  }
}

async function isDaemonRunning(controlSocketPath: string): Promise<boolean> {
  try {
    await requestLocal(controlSocketPath, { method: 'GET', path: '/v1/status', timeoutMs: ASK_DAEMON_MS });
    return true;
  } catch (error) {
    if (error instanceof LocalHttpError && error.code === 'daemon_not_running') return false;
    throw error;
  }
}

async function present(manager: TokenManager): Promise<TokenSet> {
  const tokenSet = await manager.load();
  if (tokenSet === undefined) {
    throw new CommandFailure(
      'There is no token file yet. Log in with: token-refresh-sender login',
      ExitCode.loginRequired,
    );
  }
  return tokenSet;
}

async function refuseExisting(path: string): Promise<void> {
  const isThere = await lstat(path).then(
    () => true,
    () => false,
  );
  if (isThere) throw new CommandFailure(`${path} exists; to write over it, use --force.`, ExitCode.failed);
}

function fromEnvironment(env: Surroundings['env']): { tokenSet: TokenSet; warnings: string[] } {
  const tokenSet = tokenSetFromEnvironment(env);
  if (tokenSet === undefined) {
    throw new CommandFailure('Neither SCHWAB_ACCESS_TOKEN nor SCHWAB_REFRESH_TOKEN is set.', ExitCode.failed);
  }
  return { tokenSet, warnings: [] };
}

function isNewer(tokenSet: TokenSet, held: TokenSet): boolean {
  return tokenSet.loginAtMs !== undefined && (held.loginAtMs === undefined || tokenSet.loginAtMs > held.loginAtMs);
}

function formatFrom(name: unknown): TokenFormat {
  const format = FORMATS.find((known) => known === name);
  if (format !== undefined) return format;
  throw new CommandFailure(`--as must be one of ${FORMATS.join(', ')}`, ExitCode.usage);
}

async function isAgreed({ stdin, stdout }: Surroundings, tokenFile: string): Promise<boolean> {
  const input = stdin();
  if (input.isTTY !== true) {
    throw new CommandFailure('There is nobody to ask: use --yes to clear without asking.', ExitCode.usage);
  }
  stdout.write(`Remove ${tokenFile}? The login cannot be used any more after that. Type yes: `);
  const lines = createInterface({ input });
  try {
    for await (const line of lines) return line.trim().toLowerCase() === 'yes';
    return false;
  } finally {
    lines.close();
  }
}

function localTime(ms: number): string {
  return new Date(ms).toLocaleString('sv-SE').slice(0, 16);
}
