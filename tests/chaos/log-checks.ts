/** What may not be in a log: a secret, and too much. */
import { APP_SECRET } from './sandbox-process.ts';
import { TEST_TOKEN_MARK } from './witness.ts';

/**
 * By their shape, and so also a part of one, or one that nobody recorded (tests/record looks for whole ones, by value). A refresh token of the sandbox has 129 characters, a JWT three parts; a fingerprint has 8, a folder's name a few.
 */
const SECRETS: readonly (readonly [what: string, pattern: RegExp])[] = [
  ['an access token', /I0\.[\w-]{8}/],
  ['a token of a test message', new RegExp(TEST_TOKEN_MARK)],
  ['a refresh token', /[\w-]{60}/],
  ['an id token', /eyJ[\w-]{10}/],
  ['the app secret', new RegExp(APP_SECRET)],
];

/** What kinds of secrets are in a text; the text itself is not repeated. */
export function kindsOfSecretIn(text: string): string[] {
  return SECRETS.filter(([, pattern]) => pattern.test(text)).map(([what]) => what);
}

/**
 * The most that a daemon may write in a minute, with a refresh every 3 s (3 lines and one for each target), 30 messages a second from
 * another writer and a credential loaded twice a second (one line a second each), and all the news of faults.
 */
export const MOST_LINES_A_MINUTE = 400;

/** The lines of the fullest minute. A line begins with its time. */
export function fullestMinute(lines: readonly string[]): readonly string[] {
  const minutes = Map.groupBy(lines, (line) => line.slice(0, '[2025-11-13 08:44'.length));
  return [...minutes.values()].reduce((fullest, minute) => (minute.length > fullest.length ? minute : fullest), []);
}

/** What most of the lines say, numbers and times aside: each with how often. */
export function mostSaid(lines: readonly string[]): string {
  const kinds = Map.groupBy(lines, (line) => line.slice('[2025-11-13 08:44:23] '.length).replaceAll(/\d+/g, 'N'));
  const counted = [...kinds].map(([kind, said]) => [said.length, kind] as const).sort(([one], [other]) => other - one);
  return counted
    .slice(0, 3)
    .map(([times, kind]) => `${times} times "${kind}"`)
    .join(', ');
}
