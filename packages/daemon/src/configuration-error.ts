import { ExitCode } from './exit-code.ts';
import { oneLine } from './log-format.ts';

/** A name that is quoted may be as long as the file that it stands in. */
const MAX_CHARACTERS = 1_000;

/**
 * - `config_missing`: a file that was asked for by name is not there
 * - `config_unreadable`: it is there and cannot be read (permission, a folder, too large)
 * - `config_invalid`: it, a flag or an environment variable says something that cannot be used
 * - `config_too_open`: others can read a file of secrets, or write to a private folder
 */
export type ConfigurationErrorCode = 'config_missing' | 'config_unreadable' | 'config_invalid' | 'config_too_open';

/**
 * Something that a person has to change before the program can start. The message begins with the place: `FILE:LINE: …`. It is one line of
 * bounded length, whatever the name that it repeats: it is read in a terminal.
 */
export class ConfigurationError extends Error {
  override readonly name = 'ConfigurationError';
  readonly exitCode: typeof ExitCode.configuration = ExitCode.configuration;
  readonly code: ConfigurationErrorCode;
  readonly file: string | undefined;
  /** Counted from 1. */
  readonly line: number | undefined;

  constructor(code: ConfigurationErrorCode, problem: string, place: { file?: string; line?: number } = {}) {
    const { file, line } = place;
    const prefix = file === undefined ? '' : line === undefined ? `${file}: ` : `${file}:${line}: `;
    super(oneLine(prefix + cut(problem)));
    this.code = code;
    this.file = file;
    this.line = line;
  }
}

function cut(problem: string): string {
  return problem.length <= MAX_CHARACTERS ? problem : `${problem.slice(0, MAX_CHARACTERS)}…`;
}
