/** What each of `token-refresh-sender tokens …` stands on: the settings, the token file, and whether the sender runs. */
import { CommandFailure, ExitCode, LocalHttpError, requestLocal, type Surroundings } from '@token-relay/daemon';
import { fileStore, TokenManager, type FileEncryption, type TokenFormat, type TokenSet } from '@token-relay/tokens';
import { lstat } from 'node:fs/promises';
import * as z from 'zod/mini';
import { asCommandFailure } from '../failures.ts';
import { readFileEncryption } from '../file-encryption.ts';
import { loadSenderSettings, type SenderSettings } from '../settings.ts';
import { statusSchema, type StatusReport } from '../status/status-report.ts';

export type Flags = Readonly<Record<string, unknown>>;

export const FORMATS: readonly TokenFormat[] = ['schwab-py', 'flat', 'schwabdev-json', 'schwabdev-db'];
const ASK_DAEMON_MS = 5_000;

export interface TokenCommand {
  readonly settings: SenderSettings;
  readonly encryption: FileEncryption | undefined;
  readonly manager: TokenManager;
  readonly say: (line: string) => void;
  readonly daemon: RunningDaemon | undefined;
}

/** A sender that runs. It has no report if it is of another version, or not ours. */
export interface RunningDaemon {
  readonly report: StatusReport | undefined;
}

export async function withTokens(
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
      daemon: await runningDaemon(settings.controlSocketPath),
    });
  } catch (error) {
    throw asCommandFailure(error);
  }
}

async function runningDaemon(controlSocketPath: string): Promise<RunningDaemon | undefined> {
  try {
    const request = { method: 'GET', path: '/v1/status', timeoutMs: ASK_DAEMON_MS } as const;
    const report = z.safeParse(statusSchema, (await requestLocal(controlSocketPath, request)).body);
    return { report: report.success ? report.data : undefined };
  } catch (error) {
    if (error instanceof LocalHttpError && error.code === 'daemon_not_running') return undefined;
    throw error;
  }
}

export async function present(manager: TokenManager): Promise<TokenSet> {
  const tokenSet = await manager.load();
  if (tokenSet === undefined) {
    throw new CommandFailure(
      'There is no token file yet. Log in with: token-refresh-sender login',
      ExitCode.loginRequired,
    );
  }
  return tokenSet;
}

/** Whether something is there, a link that leads nowhere included. */
export function exists(path: string): Promise<boolean> {
  return lstat(path).then(
    () => true,
    () => false,
  );
}

export function formatFrom(name: unknown): TokenFormat {
  const format = FORMATS.find((known) => known === name);
  if (format !== undefined) return format;
  throw new CommandFailure(`--as must be one of ${FORMATS.join(', ')}`, ExitCode.usage);
}
