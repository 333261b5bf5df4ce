/** The end of npm test: none of the secrets that the run used is in anything that a daemon said. */
import { chmodSync, mkdirSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { SecretFinder } from '../tests/record/find-secrets.ts';
import { RECORDED_RINGS } from '../tests/record/rings.ts';

/** Empties the folder that the tests keep their record in. */
export function prepareRecord(folder: string): void {
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
  // Some tests are another user for a while.
  chmodSync(folder, 0o1777);
}

export interface RecordVerdict {
  readonly ok: boolean;
  /** What was looked at, and what was found: where it is, with the secret masked. */
  readonly lines: readonly string[];
}

/** A ring that used no secret, or in which nothing was said, has not shown anything: the run fails too. */
export function judgeRecord(folder: string, rings: readonly string[] = RECORDED_RINGS): RecordVerdict {
  const files = readdirSync(folder).sort();
  const read = (name: string) => readFileSync(join(folder, name), 'utf8');
  const secrets = files
    .filter((name) => name.startsWith('secrets'))
    .flatMap((name) => read(name).split('\n').filter(Boolean))
    .map((line) => String(JSON.parse(line)));
  const finder = new SecretFinder(secrets);
  let lineCount = 0;
  const found: string[] = [];
  for (const name of files.filter((each) => each.startsWith('output'))) {
    const text = read(name);
    lineCount += text.split('\n').length - 1;
    for (const { line, form, masked } of finder.findings(text)) {
      found.push(`${join(folder, name)}:${line}: a secret (${form}) in: ${masked}`);
    }
  }
  const has = (start: string) => files.some((name) => new RegExp(`^${start}[-.]`).test(name));
  const missing = rings
    .filter((ring) => !has(`not-run-${ring}`))
    .flatMap((ring) => [
      ...(has(`secrets-${ring}`) ? [] : [`${ring}: no secret is recorded of these tests`]),
      ...(has(`output-${ring}`) ? [] : [`${ring}: nothing that was said is recorded of these tests`]),
    ]);
  const looked = `Looked for ${finder.count} secrets in ${lineCount} lines of ${files.length} files: ${found.length} found`;
  const ok = found.length === 0 && missing.length === 0 && finder.count > 0 && lineCount > 0;
  return { ok, lines: [...found, ...missing, looked] };
}
