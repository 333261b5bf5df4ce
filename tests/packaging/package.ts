/** The package under test, built as `npm run package` builds it; quickly, if nothing has changed since. */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';

export const CHECKOUT = resolve(import.meta.dirname, '../..');
export const LIBRARY = '/usr/lib/token-relay';

export interface BuildOptions {
  readonly checkout?: string;
  readonly version?: string;
  readonly useCache?: boolean;
  /** compressed quickly instead of well */
  readonly fast?: boolean;
  readonly env?: Readonly<Record<string, string>>;
}

/** @returns the path of the package, in `folder` */
export function buildPackage(folder: string, options: BuildOptions = {}): string {
  const { checkout = CHECKOUT, version, useCache = true, fast = false, env = {} } = options;
  const flags = [
    ...['--output', folder],
    ...(version === undefined ? [] : ['--package-version', version]),
    ...(fast ? ['--fast'] : []),
    ...(useCache ? [] : ['--no-cache']),
  ];
  return execFileSync(
    join(checkout, 'node_modules/.bin/node'),
    ['--conditions=source', join(checkout, 'scripts/package.ts'), ...flags],
    { cwd: checkout, encoding: 'utf8', env: { ...process.env, ...env } },
  ).trim();
}

export class Folder implements Disposable {
  readonly path: string = mkdtempSync(join(tmpdir(), 'token-relay-packaging-'));

  [Symbol.dispose](): void {
    rmSync(this.path, { recursive: true, force: true });
  }
}
