/**
 * Everything that must hold before a change lands, in the order of how fast it says no. Prints, as its last line,
 * `N passed, N failed[, N skipped]`, counting each check and each test once.
 */
import { spawnSync } from 'node:child_process';
import { mkdirSync, readFileSync, rmSync } from 'node:fs';
import { resolve } from 'node:path';
import { judgeRecord, prepareRecord } from './secrets-in-logs.ts';

const checks: readonly (readonly [name: string, command: string, args: readonly string[]])[] = [
  ['types', 'tsc', ['-b']],
  ['bundle', 'node', ['scripts/bundle.ts']],
  ['lint', 'eslint', ['.', '--max-warnings=0']],
  ['format', 'prettier', ['--check', '--log-level=warn', '.']],
  ['import rules', 'depcruise', ['--config', '.dependency-cruiser.js', 'apps', 'packages']],
];

interface VitestResults {
  readonly numPassedTests: number;
  readonly numFailedTests: number;
  readonly numPendingTests: number;
  readonly numTodoTests: number;
  readonly success: boolean;
}

const record = resolve('.cache/test-run');
prepareRecord(record);
// Inherited by everything that is started here.
process.env['TOKEN_RELAY_TEST_RECORD'] = record;

const run = (command: string, args: readonly string[]) => spawnSync(command, args, { stdio: 'inherit' }).status === 0;

let passed = 0;
let failed = 0;
for (const [name, command, args] of checks) {
  console.log(`\n== ${name}`);
  if (run(command, args)) passed += 1;
  else {
    failed += 1;
    console.error(`== ${name}: failed`);
  }
}

console.log('\n== tests');
const resultsFile = '.cache/test-results.json';
mkdirSync('.cache', { recursive: true });
rmSync(resultsFile, { force: true });
const vitestSaidYes = run('vitest', [
  'run',
  '--reporter=default',
  '--reporter=json',
  `--outputFile.json=${resultsFile}`,
]);
const results = JSON.parse(readFileSync(resultsFile, 'utf8')) as VitestResults;
passed += results.numPassedTests;
failed += results.numFailedTests;
const skipped = results.numPendingTests + results.numTodoTests;
// A file that cannot be loaded, or an unhandled error, fails the run without failing a test.
if (!vitestSaidYes && results.numFailedTests === 0) failed += 1;

console.log('\n== no secret in any log');
const verdict = judgeRecord(record);
for (const line of verdict.lines) console.log(line);
if (verdict.ok) passed += 1;
else failed += 1;

console.log(`\n${passed} passed, ${failed} failed${skipped > 0 ? `, ${skipped} skipped` : ''}`);
process.exitCode = failed === 0 && passed > 0 ? 0 : 1;
