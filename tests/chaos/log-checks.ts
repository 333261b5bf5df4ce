/** What may not be in a log: a secret, and too much. */
import { APP_SECRET } from './sandbox-process.ts';
import { TEST_TOKEN_MARK } from './witness.ts';

/** Whole or in part. A refresh token of the sandbox has 129 characters, a JWT three parts; a fingerprint has 8, a folder's name a few. */
const SECRETS: readonly (readonly [what: string, pattern: RegExp])[] = [
  ['an access token', /I0\.[\w-]{8}/],
  ['a token of a test message', new RegExp(TEST_TOKEN_MARK)],
  ['a refresh token', /[\w-]{60}/],
  ['an id token', /eyJ[\w-]{10}/],
  ['the app secret', new RegExp(APP_SECRET)],
];

/** What kinds of secrets are in a text; the text itself is not repeated. */
export function secretsIn(text: string): string[] {
  return SECRETS.filter(([, pattern]) => pattern.test(text)).map(([what]) => what);
}

/**
 * The most that a daemon may write in a minute, with a refresh every 3 s (3 lines and one for each target), 30 messages a second from
 * another writer and a credential loaded twice a second (one line a second each), and all the news of faults.
 */
export const MOST_LINES_A_MINUTE = 400;

/** The lines of the fullest minute. A line begins with its time. */
export function fullestMinute(lines: readonly string[]): number {
  const minutes = new Map<string, number>();
  for (const line of lines) {
    const minute = line.slice(0, '[2025-11-13 08:44'.length);
    minutes.set(minute, (minutes.get(minute) ?? 0) + 1);
  }
  return Math.max(0, ...minutes.values());
}
