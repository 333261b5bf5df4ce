/** A tree as a Debian package, by dpkg's own tools. The same tree gives the same bytes. */
import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import {
  chmodSync,
  copyFileSync,
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import { LIBRARY, type Entry, type TreeOptions } from './package-tree.ts';
import { unitFacts } from './package-units.ts';

/**
 * 33 MB in 9 s; the usual level 6 is 28 MB in 48 s. zstd (35 MB in 3 s) is not taken by every tool for packages, lintian
 * among them. More than one thread gives other bytes.
 */
const COMPRESSION = ['-Zxz', '-z1', '--threads-max=1'];

/** In a second, and as quickly unpacked: for tests. */
const FAST_COMPRESSION = ['-Zzstd', '-z1', '--threads-max=1'];

/** How many packages are kept by their contents. */
const KEPT = 6;

const DEBIAN_ARCHITECTURES: Readonly<Record<string, string>> = { x64: 'amd64', arm64: 'arm64' };

/** What the package is called: `token-relay_0.1.0_amd64.deb`. */
export function packageName(version: string): string {
  return `token-relay_${version}_${architecture()}.deb`;
}

function architecture(): string {
  const name = DEBIAN_ARCHITECTURES[process.arch];
  if (name === undefined) throw new Error(`there is no package for ${process.arch}: x64 and arm64 are supported`);
  return name;
}

/** Writes the package to `target`. With `useCache`, one that was built from the same contents is taken as it is. */
export function buildPackage(
  entries: readonly Entry[],
  options: TreeOptions & { readonly target: string; readonly useCache: boolean; readonly fast: boolean },
): void {
  const { checkout, changedAt, target, useCache, fast } = options;
  const compression = fast ? FAST_COMPRESSION : COMPRESSION;
  const cache = join(checkout, '.cache/package');
  mkdirSync(cache, { recursive: true });
  mkdirSync(dirname(target), { recursive: true });
  const files = [...entries, lintianOverrides(checkout)];
  const all = [...controlFiles(files, options), ...files];
  const cached = join(cache, `${fingerprint(all, [compression, changedAt.getTime()])}.deb`);
  if (!useCache || !existsSync(cached)) {
    const stage = mkdtempSync(join(cache, 'stage-'));
    try {
      layOut(all, join(stage, 'root'), changedAt);
      const unfinished = join(stage, 'package.deb');
      execFileSync('dpkg-deb', ['--root-owner-group', ...compression, '--build', join(stage, 'root'), unfinished], {
        env: { ...process.env, SOURCE_DATE_EPOCH: String(changedAt.getTime() / 1000), LC_ALL: 'C.UTF-8' },
        stdio: ['ignore', 'ignore', 'inherit'],
      });
      renameSync(unfinished, cached);
    } finally {
      rmSync(stage, { recursive: true, force: true });
    }
  }
  // Kept longest is what was used last.
  utimesSync(cached, new Date(), new Date());
  copyFileSync(cached, `${target}.${process.pid}`);
  renameSync(`${target}.${process.pid}`, target);
  forget(cache, cached);
}

/** Writes the files below `root`. Folders have mode 0755, everything has the one time. */
export function layOut(entries: readonly Entry[], root: string, changedAt: Date): void {
  const folders = new Set<string>([root]);
  for (const { path, mode, content } of entries) {
    const target = join(root, path);
    for (let folder = dirname(target); !folders.has(folder); folder = dirname(folder)) folders.add(folder);
    mkdirSync(dirname(target), { recursive: true });
    if ('file' in content) cpSync(content.file, target, { dereference: true });
    else writeFileSync(target, content.text);
    chmodSync(target, mode);
    utimesSync(target, changedAt, changedAt);
  }
  // The innermost first, because making something in a folder gives it a new time.
  for (const folder of [...folders].sort().reverse()) {
    chmodSync(folder, 0o755);
    utimesSync(folder, changedAt, changedAt);
  }
}

function lintianOverrides(checkout: string): Entry {
  return {
    path: 'usr/share/lintian/overrides/token-relay',
    mode: 0o644,
    content: { file: join(checkout, 'packaging/lintian-overrides') },
  };
}

function controlFiles(entries: readonly Entry[], options: TreeOptions): Entry[] {
  const { checkout, version, maintainer } = options;
  const units = unitFacts(entries);
  const values: Readonly<Record<string, string>> = {
    version,
    maintainer,
    architecture: architecture(),
    'installed-size': String(installedSize(entries)),
    shlibs: sharedLibraries(entries, join(checkout, '.cache/package')),
    ...units,
  };
  const fill = (path: string) =>
    readFileSync(join(checkout, 'packaging', path), 'utf8').replace(/@([a-z-]+)@/g, (_, name: string) => {
      const value = values[name];
      if (value === undefined) throw new Error(`packaging/${path} has a place for @${name}@, which is not known`);
      return value;
    });
  const conffiles = entries.filter(({ path }) => path.startsWith('etc/')).map(({ path }) => `/${path}\n`);
  const sums = entries
    .filter(({ path }) => !path.startsWith('etc/'))
    .map(({ path, content }) => `${createHash('md5').update(bytes(content)).digest('hex')}  ${path}\n`);
  const file = (name: string, mode: number, text: string): Entry => ({
    path: `DEBIAN/${name}`,
    mode,
    content: { text },
  });
  return [
    file('control', 0o644, fill('control')),
    file('conffiles', 0o644, conffiles.join('')),
    file('md5sums', 0o644, sums.join('')),
    ...['postinst', 'prerm', 'postrm'].map((name) => file(name, 0o755, fill(`maintainer/${name}`))),
  ];
}

/** In KiB, as dpkg-gencontrol(1) reckons: files rounded up, one for everything else. */
function installedSize(entries: readonly Entry[]): number {
  const folders = new Set<string>();
  let size = 0;
  for (const { path, content } of entries) {
    size += Math.ceil(('file' in content ? statSync(content.file).size : Buffer.byteLength(content.text)) / 1024);
    for (let folder = dirname(path); folder !== '.'; folder = dirname(folder)) folders.add(folder);
  }
  return size + folders.size;
}

/** The packages of the libraries that Node and the addon are linked to, from dpkg-shlibdeps(1). */
function sharedLibraries(entries: readonly Entry[], scratch: string): string {
  const folder = mkdtempSync(join(scratch, 'shlibs-'));
  try {
    mkdirSync(join(folder, 'debian'));
    writeFileSync(join(folder, 'debian/control'), 'Source: token-relay\n\nPackage: token-relay\nArchitecture: any\n');
    const binaries = entries.flatMap(({ path, content }) =>
      (path === `${LIBRARY}/node` || path.endsWith('.node')) && 'file' in content ? [`-e${content.file}`] : [],
    );
    const said = execFileSync('dpkg-shlibdeps', ['-O', ...binaries], {
      cwd: folder,
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    return said.trim().replace('shlibs:Depends=', '');
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

function bytes(content: Entry['content']): string | Buffer {
  return 'file' in content ? readFileSync(content.file) : content.text;
}

function fingerprint(entries: readonly Entry[], manner: unknown): string {
  const hash = createHash('sha256').update(JSON.stringify(manner));
  for (const { path, mode, content } of entries) {
    hash.update(`${path}\0${mode}\0`).update(createHash('sha256').update(bytes(content)).digest());
  }
  return hash.digest('hex').slice(0, 32);
}

/** The oldest ones beyond those that are kept. */
function forget(cache: string, newest: string): void {
  const packages = readdirSync(cache)
    .filter((name) => name.endsWith('.deb'))
    .map((name) => join(cache, name))
    .sort((one, other) => statSync(other).mtimeMs - statSync(one).mtimeMs);
  for (const file of packages.slice(KEPT)) if (file !== newest) rmSync(file, { force: true });
}
