/** A log that keeps its lines, as `LEVEL message`. */
import type { Log } from '@token-relay/daemon';

export function recordingLog(lines: string[]): Log {
  const add = (level: string) => (message: string) => void lines.push(`${level} ${message}`);
  return { debug: add('DEBUG'), info: add('INFO'), warn: add('WARN'), error: add('ERROR') };
}
