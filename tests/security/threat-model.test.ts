/** The page about threats names, for each line, a test that is there. */
import { existsSync, globSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { expect, test } from 'vitest';

const checkout = resolve(import.meta.dirname, '../..');
const page = readFileSync(join(checkout, 'SECURITY.md'), 'utf8');

interface Line {
  readonly threat: string;
  readonly file: string | undefined;
  readonly title: string | undefined;
}

/** The lines of every table whose last column is a test. */
function threatLines(markdown: string): readonly Line[] {
  const lines: Line[] = [];
  let isThreats = false;
  for (const text of markdown.split('\n')) {
    if (!text.startsWith('|')) isThreats = false;
    else if (/\|\s*test\s*\|$/.test(text)) isThreats = true;
    else if (isThreats && !/^\|[\s|-]+$/.test(text)) {
      const cells = text.split(/(?<!\\)\|/).slice(1, -1);
      const [, file, title] = /^`([^`]+\.test\.ts)`: (.+)$/.exec(cells.at(-1)?.trim() ?? '') ?? [];
      lines.push({ threat: cells[0]?.trim() ?? '', file, title: title?.trim().replaceAll('\\_', '_') });
    }
  }
  return lines;
}

/** Whether a test, or a group of them, has this for its title: as a literal, right behind a bracket, in the file. */
function hasTitle(source: string, title: string): boolean {
  const literal = [`'${title}'`, `"${title}"`, `\`${title}\``].map((each) =>
    each.replaceAll(/[.*+?^${}()|[\]\\]/g, '\\$&'),
  );
  return new RegExp(`\\(\\s*(?:${literal.join('|')}),`).test(source);
}

/** What is wrong with a line; undefined: nothing. */
function rotten({ threat, file, title }: Line): string | undefined {
  if (file === undefined || title === undefined) return `"${threat}" names no test`;
  const path = join(checkout, file);
  if (!existsSync(path)) return `"${threat}" names ${file}, which is not there`;
  return hasTitle(readFileSync(path, 'utf8'), title) ? undefined : `"${threat}": ${file} has no test "${title}"`;
}

test('every line of the threat model in SECURITY.md names a test that is there', () => {
  const lines = threatLines(page);
  expect(lines.length).toBeGreaterThan(50);
  expect(lines.map(rotten).filter((each) => each !== undefined)).toEqual([]);
});

test('every file of tests/security is named in it, or is about the tests themselves', () => {
  const named = new Set(threatLines(page).map(({ file }) => file));
  const aboutTests = ['find-secrets', 'proof-pages', 'threat-model'].map((name) => `tests/security/${name}.test.ts`);
  const files = globSync('tests/security/*.test.ts', { cwd: checkout }).filter((file) => !aboutTests.includes(file));
  expect(files.filter((file) => !named.has(file))).toEqual([]);
});

test('a line without a test, with one that is gone, or with a title that is only mentioned, is found', () => {
  const head = '| what is tried | what comes of it | test |\n| --- | --- | --- |\n';
  const wrongWith = (cell: string) => threatLines(`${head}| a | b | ${cell} |\n`).map(rotten);
  const here = 'tests/security/threat-model.test.ts';
  expect(wrongWith('later')).toEqual(['"a" names no test']);
  expect(wrongWith('`tests/security/none.test.ts`: x')).toEqual([
    '"a" names tests/security/none.test.ts, which is not there',
  ]);
  expect(wrongWith(`\`${here}\`: What is wrong with a line`)).toHaveLength(1);
  expect(wrongWith(`\`${here}\`: What is wrong with a line`)[0]).toMatch(/has no test/);
  expect(wrongWith(`\`${here}\`: every line of the threat model in SECURITY.md names a test that is there`)).toEqual([
    undefined,
  ]);
});
