/** Which npm packages the daemons are made of: for the licences, and for the bill of materials. */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

export interface Component {
  readonly name: string;
  readonly version: string;
  /** SPDX */
  readonly license: string;
  /** as npm's lock file has it: `sha512-…` in base64 */
  readonly integrity: string | undefined;
  /** its folder in the checkout */
  readonly folder: string;
}

interface LockedPackage {
  readonly name?: string;
  readonly version?: string;
  readonly license?: string;
  readonly integrity?: string;
  readonly link?: boolean;
  readonly resolved?: string;
  readonly dependencies?: Readonly<Record<string, string>>;
}

/**
 * Everything that is reached from the apps through `dependencies`, and Node itself, by name. What the bundles leave out
 * of it is listed all the same. The project's own packages are not.
 * @throws Error if node_modules is not what the lock file says
 */
export function components(checkout: string, nodePackage: string): readonly Component[] {
  const lock = JSON.parse(readFileSync(join(checkout, 'package-lock.json'), 'utf8')) as {
    readonly packages: Readonly<Record<string, LockedPackage>>;
  };
  const found = new Map<string, Component>();
  const seen = new Set<string>();
  const visit = (place: string): void => {
    if (seen.has(place)) return;
    seen.add(place);
    const locked = lock.packages[place];
    if (locked === undefined) throw new Error(`package-lock.json has no ${place}: run npm ci`);
    if (locked.link === true && locked.resolved !== undefined) {
      visit(locked.resolved);
      return;
    }
    if (place.includes('node_modules/')) found.set(place, component(checkout, place, locked));
    for (const name of Object.keys(locked.dependencies ?? {})) visit(resolve(lock.packages, place, name));
  };
  for (const place of ['apps/sender', 'apps/receiver', `node_modules/${nodePackage}`]) visit(place);
  return [...found.values()].sort((one, other) => (one.folder < other.folder ? -1 : 1));
}

/** Node's way: the nearest node_modules, from the package itself upwards. */
function resolve(packages: Readonly<Record<string, LockedPackage>>, from: string, name: string): string {
  for (let folder = from; ; folder = folder.slice(0, Math.max(0, folder.lastIndexOf('/')))) {
    const place = folder === '' ? `node_modules/${name}` : `${folder}/node_modules/${name}`;
    if (packages[place] !== undefined) return place;
    if (folder === '') throw new Error(`package-lock.json does not say where ${from} finds ${name}: run npm ci`);
  }
}

function component(checkout: string, place: string, locked: LockedPackage): Component {
  const folder = join(checkout, place);
  const installed = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8')) as Required<LockedPackage>;
  if (installed.version !== locked.version) {
    throw new Error(
      `${folder} is ${installed.version}, and package-lock.json says ${locked.version ?? 'nothing'}: run npm ci`,
    );
  }
  const { name, version } = installed;
  return { name, version, license: locked.license ?? 'NOASSERTION', integrity: locked.integrity, folder };
}

/** The file that says how it may be used. @throws Error if there is none */
export function licenseText({ folder, name, license }: Component): string {
  const file = readdirSync(folder).find((entry) => /^(licen[cs]e|copying)([.-]|$)/i.test(entry));
  if (file !== undefined) return readFileSync(join(folder, file), 'utf8');
  const readme = join(folder, 'README.md');
  const heading = /^(?:#+ *Licen[cs]e\b.*\n|Licen[cs]e\n[-=]+\n)([^]*)/im;
  const section = existsSync(readme) ? heading.exec(readFileSync(readme, 'utf8'))?.[1] : undefined;
  if (section === undefined) throw new Error(`${folder} says nowhere how ${name} (${license}) may be used`);
  return section;
}

/** The bill of materials, CycloneDX 1.5. Has no time and no serial number, so that the same contents give the same bytes. */
export function billOfMaterials(product: { name: string; version: string }, parts: readonly Component[]): string {
  const document = {
    $schema: 'http://cyclonedx.org/schema/bom-1.5.schema.json',
    bomFormat: 'CycloneDX',
    specVersion: '1.5',
    version: 1,
    metadata: {
      component: { 'bom-ref': product.name, type: 'application', ...product, licenses: [{ license: { id: 'MIT' } }] },
    },
    components: parts.map(({ name, version, license, integrity }) => ({
      'bom-ref': `${name}@${version}`,
      type: name.startsWith('node-linux-') ? 'platform' : 'library',
      name,
      version,
      licenses: [/[ ()]/.test(license) ? { expression: license } : { license: { id: license } }],
      purl: `pkg:npm/${name.replace('@', '%40')}@${version}`,
      ...(integrity === undefined ? {} : { hashes: [hash(integrity)] }),
    })),
  };
  return `${JSON.stringify(document, undefined, 2)}\n`;
}

function hash(integrity: string): { alg: string; content: string } {
  const [algorithm = '', base64 = ''] = integrity.split('-');
  return { alg: algorithm.replace('sha', 'SHA-'), content: Buffer.from(base64, 'base64').toString('hex') };
}

/** Debian's copyright file: our licence, and which others there are. */
export function copyright(own: string, parts: readonly Component[], licensesFile: string): string {
  return [
    `Schwab Token Relay\n==================\n\n${own.trim()}\n`,
    `This package also contains Node.js, and in its bundles code of the following npm packages.\nTheir licences in full: ${licensesFile}\n(Apache-2.0 also: /usr/share/common-licenses/Apache-2.0)\n`,
    parts.map(({ name, version, license }) => `${name} ${version}: ${license}\n`).join(''),
  ].join('\n');
}

/** The licence of each part, in full. */
export function licenses(parts: readonly Component[]): string {
  return parts
    .map((part) => {
      const title = `${part.name} ${part.version} (${part.license})`;
      return `${title}\n${'='.repeat(title.length)}\n\n${licenseText(part).replaceAll('\r', '').trim()}\n`;
    })
    .join('\n\n');
}
