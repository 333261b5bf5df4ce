/** The secret that is planted in inputs, and where it may not turn up. */
import { inspect } from 'node:util';
import { recordOutput, recordSecret } from '../record/record.ts';
import { demand } from './target.ts';

/** What is looked for. Mutations alter what surrounds it, and seldom the middle. */
const CORE = 'Zq9Xk7JvPw3L';

/** A made-up token. */
export const SECRET = `I0.fuzz-${CORE}@`;
recordSecret(SECRET);

function holdsSecret(text: string): boolean {
  return text.includes(CORE);
}

/** An error is searched with its cause, its stack and all its members. */
export function demandNoSecret(shown: unknown, where: string): void {
  const text =
    typeof shown === 'string' ? shown : inspect(shown, { depth: 6, showHidden: true, maxStringLength: null });
  demand(!holdsSecret(text), 'secret', `${where} holds the secret of the input`);
}

/** A log that lets nothing through: each line is searched as it is written, and kept for the search at the end of all tests. */
export function watchedLog(keep: (line: string) => void = (line) => recordOutput('log', line)): {
  readonly log: Record<'debug' | 'info' | 'warn' | 'error', (message: string, fields?: object) => void>;
  /** The messages at level error since the last call. */
  readonly errors: () => string[];
  /** Throws what was found since the last call. */
  readonly demandClean: () => void;
} {
  const errors: string[] = [];
  let leaked: string | undefined;
  const write = (level: string) => (message: string, fields?: object) => {
    if (level === 'error') errors.push(message);
    const line = `${message} ${fields === undefined ? '' : JSON.stringify(fields)}`;
    keep(`${level} ${line}\n`);
    if (holdsSecret(line)) leaked ??= line;
  };
  return {
    log: { debug: write('debug'), info: write('info'), warn: write('warn'), error: write('error') },
    errors: () => errors.splice(0),
    demandClean: () => {
      const line = leaked;
      leaked = undefined;
      demand(line === undefined, 'secret', `a log line holds the secret of the input: ${line ?? ''}`);
    },
  };
}
