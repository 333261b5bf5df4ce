/**
 * Keeps what the test run uses for secrets, and what the daemons say in it, for the check at its end (scripts/run-tests.ts): no secret in
 * any log. Without $TOKEN_RELAY_TEST_RECORD, as when one test is run by hand, nothing is kept. All of it is made up.
 */
import { appendFileSync } from 'node:fs';
import { join } from 'node:path';

const folder = process.env['TOKEN_RELAY_TEST_RECORD'];
/** Which ring of tests this is (vitest.config.ts); its programs inherit it. */
const ring = process.env['TOKEN_RELAY_TEST_RING'] ?? 'none';
export const isRecording: boolean = folder !== undefined;

const known = new Set<string>();

/** A token, a code, an app's secret, a key. */
export function recordSecret(secret: string): void {
  if (folder === undefined || known.has(secret)) return;
  known.add(secret);
  // A text as JSON has no line break.
  append(`secrets-${ring}`, `${JSON.stringify(secret)}\n`);
}

/** What a daemon said: a log, a status, metrics. @param name of the place, without a slash; its texts follow one another */
export function recordOutput(name: string, text: string): void {
  append(`output-${ring}-${name}`, text);
}

/** These tests cannot run here, and have said why: no record of them is missed. */
export function recordNotRun(): void {
  append(`not-run-${ring}`, '\n');
}

/** The secrets in what a daemon reads: token files, messages, app configurations, keys. */
export function recordSecretsIn(text: string): void {
  if (folder !== undefined) for (const secret of secretsIn(text)) recordSecret(secret);
}

export function secretsIn(text: string): readonly string[] {
  const members = [...text.matchAll(/"(?:access_token|refresh_token|id_token)"\s*:\s*("(?:[^"\\]|\\.)+")/g)];
  const lines = [...text.matchAll(/^\s*app_secret:\s*["']?([^\s"'#]+)/gm)];
  // A whole text without a space: a bare token, a key.
  const [bare] = /^[!-~]{16,8192}(?=\s*$)/.exec(text) ?? [];
  return [
    ...members.flatMap(([, json = '""']) => parsed(json)),
    ...lines.map(([, secret = '']) => secret),
    ...(bare === undefined || bare.startsWith('{') ? [] : [bare]),
  ];
}

function parsed(json: string): readonly string[] {
  try {
    return [String(JSON.parse(json))];
  } catch {
    return [];
  }
}

/** For a sandbox that is a process of its own: with these, its secrets are recorded too. */
export function recordingEnvironment(
  setup: string = join(import.meta.dirname, 'setup.ts'),
  to = folder,
): Record<string, string> {
  return to === undefined || folder === undefined
    ? {}
    : { TOKEN_RELAY_TEST_RECORD: to, TOKEN_RELAY_TEST_RING: ring, NODE_OPTIONS: `--import=${setup}` };
}

/** A file for each process and user: a test may be another user for a while. */
function append(name: string, text: string): void {
  if (folder === undefined) return;
  try {
    appendFileSync(join(folder, `${name}.${process.pid}.${process.geteuid?.() ?? 0}`), text);
  } catch (error) {
    // The folder may be where that user cannot go; the rest of the run is kept all the same.
    if ((error as NodeJS.ErrnoException).code !== 'EACCES') throw error;
  }
}
