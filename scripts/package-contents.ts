/** Which npm packages travel in the package: for the licences, and for the bill of materials. */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { CONTENTS_FILE } from './bundle-contents.ts';
import { readLock, type LockedPackage } from './lock-file.ts';

export interface Component {
  readonly name: string;
  readonly version: string;
  /** SPDX */
  readonly license: string;
  /** its folder in the checkout, as the lock file has it: `node_modules/zod` */
  readonly place: string;
  /** the same, as a path */
  readonly folder: string;
}

/** Copied as they are, beside the bundles: the addon that notifies systemd, and what it needs to be found. */
const ADDON_PACKAGES = ['sd-notify', 'bindings', 'file-uri-to-path'] as const;

/**
 * What the bundles hold, by esbuild's account, the addon, and Node itself, by folder. What the lock file calls a
 * dependency and no bundle has a byte of is not among them. The project's own packages are not.
 * @throws Error if the bundles are not made, or node_modules is not what the lock file says
 */
export function components(checkout: string, nodePackage: string): readonly Component[] {
  const lock = readLock(checkout);
  return shippedPlaces(checkout, [nodePackage]).map((place) => {
    const locked = lock[place];
    if (locked === undefined) throw new Error(`package-lock.json has no ${place}: run npm ci`);
    return component(checkout, place, locked);
  });
}

/** The folders of the same, such as `node_modules/zod`. @throws Error if the bundles are not made */
export function shippedPlaces(checkout: string, nodePackages: readonly string[]): readonly string[] {
  const places = new Set([
    ...['sender', 'receiver'].flatMap((app) => bundled(join(checkout, 'apps', app, 'bundle', CONTENTS_FILE))),
    ...[...ADDON_PACKAGES, ...nodePackages].map((name) => `node_modules/${name}`),
  ]);
  return [...places].sort();
}

function bundled(file: string): readonly string[] {
  if (!existsSync(file)) throw new Error(`${file} is missing: run node scripts/bundle.ts`);
  return JSON.parse(readFileSync(file, 'utf8')) as readonly string[];
}

function component(checkout: string, place: string, locked: LockedPackage): Component {
  const folder = join(checkout, place);
  const { name, version } = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8')) as {
    readonly name: string;
    readonly version: string;
  };
  if (version !== locked.version) {
    throw new Error(`${folder} is ${version}, and package-lock.json says ${locked.version ?? 'nothing'}: run npm ci`);
  }
  return { name, version, license: locked.license ?? 'NOASSERTION', place, folder };
}

/** The file that says how it may be used. @throws Error if there is none */
function licenseText({ folder, name, license }: Component): string {
  const file = readdirSync(folder).find((entry) => /^(licen[cs]e|copying)([.-]|$)/i.test(entry));
  if (file !== undefined) return readFileSync(join(folder, file), 'utf8');
  const readme = join(folder, 'README.md');
  const heading = /^(?:#+ *Licen[cs]e\b.*\n|Licen[cs]e\n[-=]+\n)([^]*)/im;
  const section = existsSync(readme) ? heading.exec(readFileSync(readme, 'utf8'))?.[1] : undefined;
  if (section === undefined) throw new Error(`${folder} says nowhere how ${name} (${license}) may be used`);
  return section;
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
