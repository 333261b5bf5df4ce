import { HiddenSecrets, type ShownInstead } from './hidden-secrets.ts';
import { cutMessage, formatTextLine, journalPrefix, oneLine, type LogLevel } from './log-format.ts';
import { LogFile } from './log-file.ts';

/** What an event is about, for `log_format: json`; a text line shows only the message. */
export type LogFields = Readonly<Record<string, string | number | boolean | undefined>>;

export interface Log {
  debug(message: string, fields?: LogFields): void;
  info(message: string, fields?: LogFields): void;
  warn(message: string, fields?: LogFields): void;
  error(message: string, fields?: LogFields): void;
}

export interface LogOptions {
  level: LogLevel;
  format: 'text' | 'json';
  /** Rolled by size; absent: no file. */
  file?: string;
  maxSizeBytes: number;
  /** How many rolled files stay, the present one included. */
  keep: number;
  /** True when `write` ends in systemd's journal: a priority stands in place of time and level. */
  journal: boolean;
  /** Takes one line with its newline, for standard output. What it throws is ignored. */
  write: (line: string) => void;
  /** Default `Date.now`. */
  nowMs?: () => number;
}

export interface OpenLog {
  log: Log;
  /** Any later line that contains `secret` (at least 8 characters; the last 64 are known) shows `as` in its place. */
  hideSecret: (secret: string, as: ShownInstead) => void;
  setLevel: (level: LogLevel) => void;
  /** From now on lines go to the file only: for a last word that the console hears in another way. */
  muteConsole: () => void;
  /** Resolves when what was logged is in the file, or cannot get there. Afterwards only `write` is used. */
  close: () => Promise<void>;
}

/**
 * Opens the log. Logging never throws and never waits: a file that cannot be written is reported once on the console,
 * and tried again from time to time.
 */
export async function openLog(options: LogOptions): Promise<OpenLog> {
  const { format, journal, nowMs = Date.now } = options;
  const { pino } = await import('pino');
  const secrets = new HiddenSecrets();

  let muted = false;
  function toConsole(level: LogLevel, line: string): void {
    if (muted) return;
    try {
      options.write(`${journal ? journalPrefix(level) : ''}${line}\n`);
    } catch {
      // Nobody reads the console any more; there is no place left to say so.
    }
  }

  let file: LogFile | undefined;
  if (options.file !== undefined) {
    const reportProblem = (message: string): void => {
      const clean = secrets.hideIn(oneLine(message));
      toConsole('warn', journal ? clean : formatTextLine({ level: 'warn', message: clean, atMs: nowMs() }));
    };
    const { maxSizeBytes, keep } = options;
    file = new LogFile({ path: options.file, maxSizeBytes, keep, nowMs, reportProblem });
  }

  // pino decides by level and makes the JSON; it tells the destination the parts of each event through these members.
  const levels: ReadonlyMap<number, LogLevel> = new Map([
    [20, 'debug'],
    [30, 'info'],
    [40, 'warn'],
    [50, 'error'],
  ]);
  let eventAtMs = 0;
  const destination = {
    [Symbol.for('pino.metadata')]: true,
    lastLevel: 30,
    lastMsg: '',
    write(json: string): void {
      const level = levels.get(destination.lastLevel) ?? 'info';
      const message = secrets.hideIn(oneLine(destination.lastMsg));
      const line =
        format === 'json'
          ? secrets.hideIn(oneLine(json.trimEnd()))
          : formatTextLine({ level, message, atMs: eventAtMs });
      toConsole(level, journal && format === 'text' ? message : line);
      file?.write(`${line}\n`);
    },
  };
  const logger = pino(
    {
      level: options.level,
      base: null,
      messageKey: 'message',
      timestamp: () => {
        eventAtMs = nowMs();
        return `,"time":"${new Date(eventAtMs).toISOString()}"`;
      },
      formatters: { level: (label) => ({ level: label.toUpperCase() }) },
    },
    destination,
  );

  return {
    log: {
      debug: (message, fields = {}) => logger.debug(fields, cutMessage(message)),
      info: (message, fields = {}) => logger.info(fields, cutMessage(message)),
      warn: (message, fields = {}) => logger.warn(fields, cutMessage(message)),
      error: (message, fields = {}) => logger.error(fields, cutMessage(message)),
    },
    hideSecret: (secret, as) => secrets.add(secret, as),
    muteConsole: () => {
      muted = true;
    },
    setLevel: (level) => {
      logger.level = level;
    },
    close: async () => {
      const closing = file;
      file = undefined;
      await closing?.close();
    },
  };
}
