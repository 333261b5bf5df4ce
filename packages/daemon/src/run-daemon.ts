import { resolve } from 'node:path';
import type { Readable } from 'node:stream';
import { ExitCode } from './exit-code.ts';
import type { ShownInstead } from './hidden-secrets.ts';
import type { LogLevel } from './log-format.ts';
import type { Kill } from './hooks/hook-process.ts';
import { openLog, type Log } from './log.ts';
import { handleSignals, type SignalSource } from './signals.ts';
import { connectSystemd, isJournal, type Systemd } from './systemd.ts';

/** What a program has of the process it runs in: `main.ts` hands that over, and nothing else touches `process`. */
export interface Surroundings {
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly cwd: string;
  readonly uid: number;
  readonly pid: number;
  readonly signals: SignalSource;
  /** Opened when it is asked for, because a daemon never does. */
  readonly stdin: () => Readable & { readonly isTTY?: boolean };
  readonly stdout: { write(text: string): unknown; readonly isTTY?: boolean };
  readonly stderr: { write(text: string): unknown };
  /** The file that standard output is, to recognise the journal. */
  readonly stdoutFile: { readonly dev: number; readonly ino: number } | undefined;
  /** What the process has used so far, for the metrics. */
  readonly usage: () => { readonly residentBytes: number; readonly cpuSeconds: number };
  /** Sends a signal; to a process group, if `pid` is negative. */
  readonly kill: Kill;
  /** Ends the process without any more waiting. */
  readonly exitNow: (code: number) => void;
}

export interface DaemonLogSettings {
  readonly logLevel: LogLevel;
  readonly logFormat: 'text' | 'json';
  readonly logFile: string;
  readonly logMaxSize: number;
  readonly logKeep: number;
}

export interface DaemonContext {
  readonly log: Log;
  readonly systemd: Systemd;
  /** Aborts on SIGTERM or SIGINT. */
  readonly stop: AbortSignal;
  /** What SIGHUP does. systemd is told when it begins, and when the promise is settled; a rejection is a bug. */
  readonly onReload: (reload: () => Promise<void>) => void;
  readonly setLogLevel: (level: LogLevel) => void;
  /** A net under all else: what is named here never appears in the log. */
  readonly hideSecret: (secret: string, as: ShownInstead) => void;
}

/**
 * Runs a daemon's work between its beginning and its end: log, systemd, signals. Resolves when `work` has ended, with
 * everything logged; rejects as it does. A second SIGTERM or SIGINT ends the process at once.
 * @param logFileIsDefault under systemd the journal is enough, unless somebody asked for a file
 */
export async function runDaemon(
  surroundings: Surroundings,
  logging: DaemonLogSettings & { readonly logFileIsDefault: boolean },
  work: (context: DaemonContext) => Promise<void>,
): Promise<void> {
  const { env, pid, cwd } = surroundings;
  const journal = isJournal(env, surroundings.stdoutFile);
  const wantsFile = logging.logFile !== 'none' && !(journal && logging.logFileIsDefault);
  const opened = await openLog({
    level: logging.logLevel,
    format: logging.logFormat,
    maxSizeBytes: logging.logMaxSize,
    keep: logging.logKeep,
    journal,
    write: (line) => void surroundings.stdout.write(line),
    ...(wantsFile ? { file: resolve(cwd, logging.logFile) } : {}),
  });
  const stop = new AbortController();
  let reload: (() => Promise<void>) | undefined;
  let reloadsUnderWay = 0;
  const systemd = await connectSystemd({ env, pid, log: opened.log }).catch(async (error: unknown) => {
    await opened.close();
    throw error;
  });
  const ignoreSignals = handleSignals(surroundings.signals, {
    onStop: (signal) => {
      opened.log.info(`Stopping (${signal})`);
      systemd.stopping();
      stop.abort();
    },
    onSecondStop: () => surroundings.exitNow(ExitCode.failed),
    onReload: () => {
      // Before there is one, what is to be read again is being read for the first time.
      if (reload === undefined) return;
      reloadsUnderWay += 1;
      systemd.reloading();
      void reload().finally(() => {
        reloadsUnderWay -= 1;
        if (reloadsUnderWay === 0 && !stop.signal.aborted) systemd.ready();
      });
    },
  });
  try {
    await work({
      log: opened.log,
      systemd,
      stop: stop.signal,
      onReload: (action) => {
        reload = action;
      },
      setLogLevel: opened.setLevel,
      hideSecret: opened.hideSecret,
    });
    opened.log.info('Stopped');
  } catch (error) {
    // The command line says it on the console.
    opened.muteConsole();
    opened.log.error(error instanceof Error ? error.message : String(error));
    throw error;
  } finally {
    ignoreSignals();
    await opened.close();
  }
}
