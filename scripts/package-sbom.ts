/** The bill of materials that travels in the package: what `npm sbom` says of what is in there. */
import { execFileSync } from 'node:child_process';
import type { Component } from './package-contents.ts';

/** Of CycloneDX, what we use. */
interface NpmSbom {
  readonly $schema: string;
  readonly bomFormat: string;
  readonly specVersion: string;
  readonly components: readonly NpmComponent[];
  readonly dependencies: readonly { readonly ref: string; readonly dependsOn: readonly string[] }[];
}
interface NpmComponent {
  readonly 'bom-ref': string;
  readonly name: string;
  readonly version: string;
  readonly purl: string;
  readonly hashes?: readonly object[];
  readonly licenses?: readonly object[];
}

/**
 * CycloneDX, from `npm sbom` and the lock file alone. `npm sbom --omit=dev` will not do: it lists what no bundle has a byte
 * of, and leaves out axios, which some part of the project has for development too. So all of it is asked for, and what
 * is in the package is kept. The serial number, the time and the name of the folder are not: the same contents give the same bytes.
 * @throws Error if npm does not know a part
 */
export function billOfMaterials(
  checkout: string,
  product: { readonly name: string; readonly version: string },
  parts: readonly Component[],
): string {
  const { $schema, bomFormat, specVersion, components, dependencies } = npmSbom(checkout);
  const known = new Map(components.map((each) => [each['bom-ref'], each]));
  const refs = new Set(parts.map(({ name, version }) => `${name}@${version}`));
  const kept = [...refs].sort().map((ref) => {
    const found = known.get(ref);
    if (found === undefined) throw new Error(`npm sbom does not list ${ref}, which is in the package: run npm ci`);
    return found;
  });
  const own = `${product.name}@${product.version}`;
  const document = {
    $schema,
    bomFormat,
    specVersion,
    version: 1,
    metadata: {
      component: { 'bom-ref': own, type: 'application', ...product, licenses: [{ license: { id: 'MIT' } }] },
    },
    components: kept.map((each) => ({
      'bom-ref': each['bom-ref'],
      type: each['bom-ref'].startsWith('node-linux-') ? 'platform' : 'library',
      // npm shortens a scoped name to its folder's.
      name: each['bom-ref'].slice(0, each['bom-ref'].lastIndexOf('@')),
      version: each.version,
      licenses: each.licenses,
      purl: each.purl,
      hashes: each.hashes,
    })),
    dependencies: [
      { ref: own, dependsOn: [...refs].sort() },
      ...dependencies
        .filter(({ ref }) => refs.has(ref))
        .map(({ ref, dependsOn }) => ({ ref, dependsOn: dependsOn.filter((each) => refs.has(each)).sort() }))
        .sort((one, other) => (one.ref < other.ref ? -1 : 1)),
    ],
  };
  return `${JSON.stringify(document, undefined, 2)}\n`;
}

function npmSbom(checkout: string): NpmSbom {
  const flags = [
    '--sbom-format=cyclonedx',
    '--package-lock-only',
    ...['dev', 'optional', 'peer'].map((type) => `--include=${type}`),
  ];
  const said = execFileSync('npm', ['sbom', ...flags], {
    cwd: checkout,
    encoding: 'utf8',
    maxBuffer: 64 * 1024 ** 2,
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  return JSON.parse(said) as NpmSbom;
}
