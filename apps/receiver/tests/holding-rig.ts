/** A token receiver and what holds its tokens, over a real socket, for the tests of the parts that hand them out. */
import { formatTokenMessage } from '@token-relay/protocol';
import { sendToken, TokenReceiver, type HeldToken } from '@token-relay/socket';
import { execFileSync } from 'node:child_process';
import { appendFileSync, chmodSync, mkdtempSync, rmSync, statfsSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';
import { WaitingLog } from '../../../tests/rigs/waiting-log.ts';
import { TokenHolder } from '../src/holding/token-holder.ts';
import type { HeldState } from '../src/holding/state-text.ts';

const TMPFS_MAGIC = 0x01021994;

/** A folder that every user may enter, and that is gone when the test is over. */
export function temporaryFolder(parent: string = tmpdir()): string {
  const folder = mkdtempSync(join(parent, 'holding-'));
  chmodSync(folder, 0o755);
  onTestFinished(() => {
    chmodSync(folder, 0o755);
    rmSync(folder, { recursive: true, force: true });
  });
  return folder;
}

export interface RigOptions {
  readonly staleAfterMs?: number;
  readonly historySize?: number;
  readonly restored?: HeldState;
}

export interface Rig {
  readonly folder: string;
  readonly log: WaitingLog;
  readonly receiver: TokenReceiver;
  readonly holder: TokenHolder;
  /** Resolves when the receiver has said OK. Without `expiresInMs` the bare token is sent. */
  readonly deliver: (accessToken: string, message?: { expiresInMs?: number; refreshToken?: string }) => Promise<void>;
}

export async function holdingRig(options: RigOptions = {}): Promise<Rig> {
  const folder = temporaryFolder();
  const path = join(folder, 'token.sock');
  const log = new WaitingLog('receiver-log');
  const { restored, staleAfterMs = 1_800_000, historySize = 50 } = options;
  const held = restored?.held;
  const receiver = new TokenReceiver({
    unixSocketPath: path,
    keepRefreshToken: false,
    ...(held === undefined ? {} : { restored: held }),
  });
  const holder = new TokenHolder({ receiver, log, staleAfterMs, historySize, restored });
  onTestFinished(async () => {
    holder.stop();
    await receiver.stop();
  });
  await receiver.start();
  const deliver: Rig['deliver'] = async (accessToken, { expiresInMs, refreshToken } = {}) => {
    const message = {
      accessToken,
      ...(expiresInMs === undefined ? {} : { expiresAtMs: Date.now() + expiresInMs }),
      ...(refreshToken === undefined ? {} : { refreshToken }),
    };
    const format = expiresInMs === undefined ? 'raw' : 'json';
    const payload = `${formatTokenMessage(message, { format, includeRefreshToken: true })}\n`;
    await sendToken({ kind: 'unix', path }, payload, { timeoutMs: 10_000, expectReply: true });
  };
  return { folder, log, receiver, holder, deliver };
}

/** The next token that the holder tells of. */
export function nextToken(holder: TokenHolder): Promise<HeldToken> {
  return new Promise((resolve) => {
    const off = holder.onToken((held) => {
      off();
      resolve(held);
    });
  });
}

/** Where a temporary folder is in memory, and where it is not. */
export const IN_MEMORY = '/dev/shm';
export const ON_DISK: string =
  [tmpdir(), '/var/tmp', import.meta.dirname].find((folder) => statfsSync(folder).type !== TMPFS_MAGIC) ?? tmpdir();

/** A disk of 64 kB for one test. */
export function smallDisk(): string {
  const folder = temporaryFolder();
  execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=64k,mode=755', 'tmpfs', folder]);
  onTestFinished(() => void execFileSync('umount', [folder]));
  return folder;
}

/** Fills a disk to the last byte; returns what makes room again. */
export function fill(folder: string): () => void {
  const file = join(folder, 'filler');
  let bytes = 1024 * 1024;
  while (bytes > 0) {
    try {
      appendFileSync(file, Buffer.alloc(bytes));
    } catch {
      bytes = Math.floor(bytes / 2);
    }
  }
  return () => rmSync(file);
}
