/** A log that keeps its lines, as `LEVEL message`. */
import type { Log } from '@token-relay/daemon';
import { recordOutput } from '../../../tests/record/record.ts';

export function recordingLog(lines: string[]): Log {
  const add = (level: string) => (message: string) => {
    lines.push(`${level} ${message}`);
    recordOutput('sender-log', `${level} ${message}\n`);
  };
  return { debug: add('DEBUG'), info: add('INFO'), warn: add('WARN'), error: add('ERROR') };
}
