/** What the project depends on, from the lock file and the bundles; and what is wrong with it. Pure. */
import { find, nameOf, type Lock } from './lock-file.ts';

export interface Dependency {
  readonly name: string;
  readonly version: string;
  /** SPDX */
  readonly license: string;
  /** `part`: is in the package · `tool`: named for development · `other`: comes along with another, and does not travel */
  readonly role: 'part' | 'tool' | 'other';
  readonly hasInstallScript: boolean;
  /** Names, sorted. */
  readonly neededBy: readonly string[];
}

export interface Rules {
  readonly reasons: Readonly<Record<string, string>>;
  readonly installScripts: Readonly<Record<string, { readonly isRun: boolean }>>;
  readonly licensesOfParts: ReadonlySet<string>;
  readonly licensesOfTools: ReadonlySet<string>;
}

/** Each name and version once, sorted. @param shipped folders, as the lock file has them */
export function dependencies(lock: Lock, shipped: readonly string[]): readonly Dependency[] {
  const isOwn = (place: string) => !place.includes('node_modules/') || lock[place]?.link === true;
  const parts = new Set(shipped);
  const neededBy = new Map<string, Set<string>>();
  const named = new Set<string>();
  for (const [from, locked] of Object.entries(lock)) {
    const asked = { ...locked.dependencies, ...locked.optionalDependencies, ...locked.peerDependencies };
    for (const name of Object.keys(isOwn(from) ? { ...asked, ...locked.devDependencies } : asked)) {
      const place = find(lock, from, name);
      if (place === undefined || isOwn(place)) continue;
      if (isOwn(from)) named.add(place);
      else neededBy.set(place, (neededBy.get(place) ?? new Set()).add(nameOf(from)));
    }
  }
  const found = new Map<string, Dependency>();
  for (const [place, { version = '', license = 'NOASSERTION', hasInstallScript = false }] of Object.entries(lock)) {
    if (isOwn(place)) continue;
    const name = nameOf(place);
    const before = found.get(`${name}@${version}`);
    const role =
      parts.has(place) || before?.role === 'part' ? 'part' : named.has(place) ? 'tool' : (before?.role ?? 'other');
    const needed = new Set([...(before?.neededBy ?? []), ...(neededBy.get(place) ?? [])]);
    found.set(`${name}@${version}`, { name, version, license, role, hasInstallScript, neededBy: [...needed].sort() });
  }
  return [...found.values()].sort((one, other) =>
    `${one.name}@${one.version}` < `${other.name}@${other.version}` ? -1 : 1,
  );
}

/** What is wrong, a sentence each; none if all is as the rules say. @param allowScripts of package.json */
export function complaints(
  list: readonly Dependency[],
  rules: Rules,
  allowScripts: Readonly<Record<string, boolean>>,
): readonly string[] {
  const said: string[] = [];
  const { reasons, installScripts, licensesOfParts, licensesOfTools } = rules;
  for (const { name, version, license, role, hasInstallScript, neededBy } of list) {
    const full = `${name}@${version}`;
    if (role !== 'other' && reasons[name] === undefined)
      said.push(`${full} has no reason in scripts/dependency-reasons.ts`);
    if (role === 'other' && neededBy.length === 0) said.push(`${full} is needed by nobody`);
    const allowed = role === 'part' ? licensesOfParts : licensesOfTools;
    if (!isAllowed(license, allowed))
      said.push(`${full} has the licence ${license}, which is not allowed for a ${role}`);
    if (hasInstallScript && installScripts[name] === undefined) {
      said.push(`${full} brings a script for its installation, and is not named for it`);
    }
  }
  const withReason = new Set(list.filter(({ role }) => role !== 'other').map(({ name }) => name));
  for (const name of Object.keys(reasons)) {
    if (!withReason.has(name))
      said.push(`${name} has a reason, and is neither in the package nor named by the project`);
  }
  const withScript = new Set(list.filter((each) => each.hasInstallScript).map(({ name }) => name));
  for (const name of new Set([...Object.keys(installScripts), ...Object.keys(allowScripts)])) {
    if (!withScript.has(name)) said.push(`${name} is named for a script that it does not bring`);
    if (installScripts[name]?.isRun !== allowScripts[name]) said.push(`allowScripts says otherwise of ${name}`);
  }
  return said;
}

/** `(MIT OR Apache-2.0)`: one that is allowed will do. `A AND B`: both must be. */
function isAllowed(expression: string, allowed: ReadonlySet<string>): boolean {
  return expression
    .replaceAll(/[()]/g, '')
    .split(' OR ')
    .some((choice) => choice.split(' AND ').every((license) => allowed.has(license.trim())));
}
