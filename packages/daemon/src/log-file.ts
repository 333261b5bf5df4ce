import { lstatSync, renameSync, rmSync, symlinkSync } from 'node:fs';
import { basename, dirname } from 'node:path';
import type { RollingStream } from 'pino-roll';
import { errnoOf } from './errno.ts';
import { moveAside } from './move-aside.ts';
import { makeLogFolder, refusePlantedLogFiles, refusePlantedOpenFile } from './planted-log-file.ts';

/** Loading pino-roll takes longer than all else at a start; what is logged before then waits in memory. */
const FIRST_OPEN_AFTER_MS = 250;
const RETRY_AFTER_MS = 60_000;
/** How often, at most, it is looked whether the file is still there. */
const LOOK_EVERY_MS = 10_000;
const MAX_WAITING_LINES = 1000;
const MAX_UNWRITTEN_BYTES = 1024 ** 2;
const CLOSE_WITHIN_MS = 2000;

export interface LogFileOptions {
  path: string;
  /** 0: never rolled. */
  maxSizeBytes: number;
  /** At least 1. One more can be there for the moment of a roll. */
  keep: number;
  nowMs: () => number;
  /** Told once when the file cannot be opened or written, and again only if it could be in between. */
  reportProblem: (message: string) => void;
}

/**
 * A log file that is rolled by size: `token_receiver.log` is a link to `token_receiver.1.log`, then to
 * `token_receiver.2.log`…, so that `tail -F` on the name that the user gave follows it. Files have the mode 0600.
 */
export class LogFile {
  readonly #options: LogFileOptions;
  #waiting: string[] = [];
  #stream: RollingStream | undefined;
  #opening: Promise<void> | undefined;
  #openNextAtMs = 0;
  #lookedAtMs = 0;
  #reported = false;
  readonly #firstOpen: NodeJS.Timeout;

  constructor(options: LogFileOptions) {
    this.#options = options;
    this.#firstOpen = setTimeout(() => this.#open(), FIRST_OPEN_AFTER_MS).unref();
    this.#openNextAtMs = options.nowMs() + FIRST_OPEN_AFTER_MS;
  }

  /** Never throws and never waits. While the file cannot be opened the latest 1000 lines are kept for it. */
  write(line: string): void {
    this.#leaveIfRemoved();
    if (this.#stream !== undefined) {
      this.#stream.write(line);
      return;
    }
    this.#waiting.push(line);
    if (this.#waiting.length > MAX_WAITING_LINES) this.#waiting.shift();
    if (this.#options.nowMs() >= this.#openNextAtMs) this.#open();
  }

  /** Resolves when everything is written, or after 2 s at the latest. */
  async close(): Promise<void> {
    clearTimeout(this.#firstOpen);
    if (this.#waiting.length > 0 && !this.#reported) this.#open();
    await this.#opening;
    const stream = this.#stream;
    this.#stream = undefined;
    if (stream !== undefined) await ended(stream);
  }

  /** Somebody may have removed the file, or its folder, and what is written to it then is lost: the next line opens another. */
  #leaveIfRemoved(): void {
    const stream = this.#stream;
    const nowMs = this.#options.nowMs();
    if (stream === undefined || Math.abs(nowMs - this.#lookedAtMs) < LOOK_EVERY_MS) return;
    this.#lookedAtMs = nowMs;
    if (!isGone(stream.file)) return;
    this.#stream = undefined;
    this.#openNextAtMs = nowMs;
    stream.end();
  }

  #open(): void {
    if (this.#opening !== undefined || this.#stream !== undefined) return;
    this.#opening = this.#openStream()
      .catch((error: unknown) => {
        this.#openNextAtMs = this.#options.nowMs() + RETRY_AFTER_MS;
        this.#report('opened', error);
      })
      .finally(() => {
        this.#opening = undefined;
      });
  }

  async #openStream(): Promise<void> {
    const { path, maxSizeBytes, keep } = this.#options;
    const { default: openRollingStream } = await import('pino-roll');
    await makeLogFolder(dirname(path));
    moveAside(path);
    refusePlantedLogFiles(path);
    const stream = await openRollingStream({
      file: path,
      size: `${maxSizeBytes}b`,
      limit: { count: keep, removeOtherLogFiles: true },
      mode: 0o600,
      maxLength: MAX_UNWRITTEN_BYTES,
    });
    await new Promise<void>((resolve, reject) => {
      stream.once('ready', resolve);
      stream.once('error', reject);
    });
    try {
      refusePlantedOpenFile(stream.file, stream.fd);
    } catch (error) {
      stream.destroy();
      throw error;
    }
    this.#reported = false;
    // A failed write stays in the stream's memory and goes out with the next one.
    stream.on('error', (error) => this.#report('written', error));
    stream.on('write', () => {
      this.#reported = false;
    });
    stream.on('ready', () => this.#rolled(stream));
    this.#link(stream.file);
    for (const line of this.#waiting) stream.write(line);
    this.#waiting = [];
    this.#stream = stream;
  }

  /** Nothing was written to the next file yet. */
  #rolled(stream: RollingStream): void {
    try {
      refusePlantedOpenFile(stream.file, stream.fd);
      this.#link(stream.file);
    } catch (error) {
      stream.destroy();
      this.#stream = undefined;
      this.#openNextAtMs = this.#options.nowMs() + RETRY_AFTER_MS;
      this.#report('opened', error);
    }
  }

  /** Points the user's name at the file that is written now, in one step. */
  #link(file: string): void {
    const { path } = this.#options;
    const temporary = `${path}.link`;
    try {
      rmSync(temporary, { force: true });
      symlinkSync(basename(file), temporary);
      renameSync(temporary, path);
    } catch (error) {
      this.#report('linked', error);
    }
  }

  #report(what: 'opened' | 'written' | 'linked', error: unknown): void {
    if (this.#reported) return;
    this.#reported = true;
    const reason = errnoOf(error) ?? (error instanceof Error ? error.message : 'unknown error');
    this.#options.reportProblem(
      `The log file ${this.#options.path} cannot be ${what} (${reason}); going on without it, and trying again later`,
    );
  }
}

/** A folder that is closed to us for a while still has the file in it. */
function isGone(file: string): boolean {
  try {
    return lstatSync(file, { throwIfNoEntry: false }) === undefined;
  } catch {
    return false;
  }
}

function ended(stream: RollingStream): Promise<void> {
  return new Promise((resolve) => {
    const finish = (): void => {
      clearTimeout(deadline);
      resolve();
    };
    const deadline = setTimeout(finish, CLOSE_WITHIN_MS);
    stream.once('close', finish);
    stream.once('error', finish);
    stream.end();
  });
}
