/** What is installed: the Debian package, beside npm's own way of installing the same, and beside Node itself. */
import { execFileSync } from 'node:child_process';
import { lstatSync, readdirSync } from 'node:fs';
import { join, relative } from 'node:path';
import { table } from './figures.ts';
import type { Findings, Part, Setting } from './part.ts';

const MB = 1e6;

export const size: Part = { title: 'Installed size', measure };

function measure({ folder, root, quick }: Setting): Promise<Findings> {
  const packagePath = execFileSync(join(root, 'scripts/package'), ['--output', folder, ...(quick ? ['--fast'] : [])], {
    encoding: 'utf8',
  })
    .trim()
    .split('\n')
    .at(-1);
  const unpacked = join(folder, 'unpacked');
  execFileSync('dpkg-deb', ['--extract', packagePath ?? '', unpacked]);
  const whole = sizeOf(unpacked);
  const strippedNode = sizeOf(join(unpacked, 'usr/lib/token-relay/node'));
  const modules = productionModules(root);
  const naive = modules.reduce((sum, path) => sum + sizeOf(path, 'without node_modules'), 0);
  const npmNode = sizeOf(join(process.execPath, '../..'));
  const node = sizeOf(process.execPath);
  const rows: [string, number][] = [
    ['the program `node` alone', node],
    ['the package, as it is downloaded', sizeOf(packagePath ?? '')],
    ['the package, unpacked', whole],
    ['of this: `node`, stripped', strippedNode],
    ['of this: all else, both daemons, units, documents', whole - strippedNode],
    [`a naive install: ${modules.length} packages in node_modules`, naive],
    ['the same with Node as npm installs it, its headers included', naive + npmNode],
  ];
  const text = table(
    ['what', '÷ `node`', 'MB'],
    rows.map(([name, bytes]) => [name, (bytes / node).toFixed(2), (bytes / MB).toFixed(1)]),
  );
  return Promise.resolve({
    text: `${text}\n\nBytes of the files. The package is built as \`npm run package\`${quick ? ', but compressed quickly' : ''}; the naive install is every package that is needed at run time, as \`npm install --omit=dev\` lays it out.`,
  });
}

/** The folders of the packages that are needed at run time; not our own, and not Node. */
function productionModules(root: string): string[] {
  const listed = execFileSync('npm', ['ls', '--all', '--omit=dev', '--omit=optional', '--parseable'], {
    cwd: root,
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'ignore'],
  });
  return [...new Set(listed.trim().split('\n'))].filter((path) => {
    const inside = relative(root, path);
    return inside.includes('node_modules/') && !inside.includes('node-linux-') && !lstatSync(path).isSymbolicLink();
  });
}

function sizeOf(path: string, nested?: 'without node_modules'): number {
  const stats = lstatSync(path);
  if (!stats.isDirectory()) return stats.size;
  return readdirSync(path)
    .filter((name) => nested === undefined || name !== 'node_modules')
    .reduce((sum, name) => sum + sizeOf(join(path, name), nested), 0);
}
