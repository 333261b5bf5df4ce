/**
 * npm run package: dist/token-relay_VERSION_ARCH.deb, the same bytes from the same commit wherever and whenever it is
 * built on the same release of Debian. `--stage FOLDER` lays out the files there instead, for scripts/install.
 */
import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { buildPackage, layOut, packageName } from './package-deb.ts';
import { tree } from './package-tree.ts';

const MAINTAINER = 'Schwab Token Relay maintainers <maintainers@token-relay.example.org>';

const { values } = parseArgs({
  options: {
    /** where the package goes */
    output: { type: 'string', default: 'dist' },
    /** another version than that of package.json, to try an upgrade */
    'package-version': { type: 'string' },
    stage: { type: 'string' },
    /** for tests: in a second, and bigger */
    fast: { type: 'boolean', default: false },
    'no-cache': { type: 'boolean', default: false },
  },
});

const checkout = resolve(import.meta.dirname, '..');
const { version: ownVersion } = JSON.parse(readFileSync(join(checkout, 'package.json'), 'utf8')) as { version: string };
const version = values['package-version'] ?? ownVersion;
const options = { checkout, version, maintainer: MAINTAINER, changedAt: changedAt() };
const entries = tree(options);
if (values.stage === undefined) {
  const target = resolve(values.output, packageName(version));
  buildPackage(entries, { ...options, target, useCache: !values['no-cache'], fast: values.fast });
  console.log(target);
} else {
  layOut(entries, resolve(values.stage), options.changedAt);
}

/** reproducible-builds.org: $SOURCE_DATE_EPOCH, else the time of the last commit. */
function changedAt(): Date {
  const text = process.env['SOURCE_DATE_EPOCH'] ?? lastCommit();
  if (!/^\d{1,10}\s*$/.test(text)) {
    throw new Error(`There is no commit here to take the time from; set SOURCE_DATE_EPOCH to seconds since 1970.`);
  }
  return new Date(Number(text) * 1000);
}

function lastCommit(): string {
  const git = spawnSync('git', ['log', '-1', '--format=%ct'], { cwd: checkout, encoding: 'utf8' });
  return git.status === 0 ? git.stdout : '';
}
