/** What `npm run package` makes: the same bytes from the same source, with nothing in it that others could change. */
import { execFileSync, spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { mkdir, symlink } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { shippedPlaces } from '../../scripts/package-contents.ts';
import { buildPackage, CHECKOUT, Folder } from './package.ts';

const { version } = JSON.parse(readFileSync(join(CHECKOUT, 'package.json'), 'utf8')) as { version: string };
const architecture = process.arch === 'arm64' ? 'arm64' : 'amd64';

/** What the times in the package are, unless it is said otherwise. */
const changedAt =
  process.env['SOURCE_DATE_EPOCH'] ??
  execFileSync('git', ['log', '-1', '--format=%ct'], { cwd: CHECKOUT, encoding: 'utf8' }).trim();

const sha256 = (file: string) => createHash('sha256').update(readFileSync(file)).digest('hex');
const field = (deb: string, name: string) =>
  execFileSync('dpkg-deb', ['--field', deb, name], { encoding: 'utf8' }).trim();

interface Listed {
  readonly mode: string;
  readonly owner: string;
  readonly path: string;
  readonly time: string;
}

function listing(deb: string): readonly Listed[] {
  const text = execFileSync('dpkg-deb', ['--contents', deb], { encoding: 'utf8', env: { ...process.env, TZ: 'UTC' } });
  return text
    .split('\n')
    .filter(Boolean)
    .map((line) => {
      const [mode = '', owner = '', , date = '', time = '', path = ''] = line.split(/\s+/);
      return { mode, owner, path, time: `${date} ${time}` };
    });
}

/** The sources of this checkout as they are now, in another folder, with newer times and tighter modes. */
async function anotherCheckout(folder: string): Promise<string> {
  const checkout = join(folder, 'a checkout elsewhere');
  await mkdir(checkout);
  const left = ['.git', 'node_modules', '.cache', 'logs', 'dist'].map((name) => `--exclude=./${name}`);
  const copy =
    'umask 077; tar --create --exclude="./*/*/dist" "${@:2}" . | tar --extract --touch --no-same-permissions --directory="$1"';
  execFileSync('bash', ['-o', 'pipefail', '-c', copy, 'bash', checkout, ...left], { cwd: CHECKOUT });
  await symlink(join(CHECKOUT, 'node_modules'), join(checkout, 'node_modules'));
  return checkout;
}

interface Part {
  readonly name: string;
  readonly version: string;
}

interface Bill {
  readonly metadata: object;
  readonly components: readonly (Part & { readonly 'bom-ref': string })[];
  readonly dependencies: readonly { readonly ref: string; readonly dependsOn: readonly string[] }[];
}

function unpackedDocuments(): string {
  const unpacked = join(folder.path, 'unpacked');
  if (!existsSync(unpacked)) execFileSync('dpkg-deb', ['--extract', deb, unpacked]);
  return join(unpacked, 'usr/share/doc/token-relay');
}

function billIn(documents: string): Bill {
  return JSON.parse(readFileSync(join(documents, 'sbom.cdx.json'), 'utf8')) as Bill;
}

const folder = new Folder();
let deb = '';
let entries: readonly Listed[] = [];
beforeAll(() => {
  deb = buildPackage(folder.path);
  entries = listing(deb);
});
afterAll(() => folder[Symbol.dispose]());

/** For `node --require`: another year. */
const OTHER_TIME = `
const Today = Date;
globalThis.Date = class extends Today {
  constructor(...time) { super(...(time.length === 0 ? [Today.now() + 4e10] : time)); }
  static now() { return Today.now() + 4e10; }
};
`;

test('a build at another time, in another folder, time zone and language, with other times and modes of the files, gives the same bytes', async () => {
  const shownTimes = new Set(entries.map(({ time }) => time));
  expect([...shownTimes]).toEqual([new Date(Number(changedAt) * 1000).toISOString().slice(0, 16).replace('T', ' ')]);
  const clock = join(folder.path, 'clock.cjs');
  writeFileSync(clock, OTHER_TIME);
  const other = buildPackage(join(folder.path, 'other'), {
    checkout: await anotherCheckout(folder.path),
    useCache: false,
    env: {
      ...{ SOURCE_DATE_EPOCH: changedAt, NODE_OPTIONS: `--require=${clock}` },
      ...{ TZ: 'Asia/Kathmandu', LANG: 'de_DE.UTF-8', LC_ALL: 'C' },
    },
  });
  expect(sha256(other)).toBe(sha256(deb));
});

test('it is called after its version and architecture, and says what it needs and how big it is', () => {
  expect(deb).toBe(join(folder.path, `token-relay_${version}_${architecture}.deb`));
  expect(field(deb, 'Package')).toBe('token-relay');
  expect(field(deb, 'Version')).toBe(version);
  expect(field(deb, 'Architecture')).toBe(architecture);
  expect(field(deb, 'Depends')).toMatch(/\blibc6 \(>= .*\blibstdc\+\+6 \(>= .*\blibsystemd0\b.*\bsystemd \(>= /);
  const size = entries.length + 80_000;
  expect(Number(field(deb, 'Installed-Size'))).toBeGreaterThan(size);
  expect(statSync(deb).size).toBeLessThan(45e6);
});

test('all of it is root’s, nothing can be written by others or runs with the rights of its owner, and the secret is root’s alone', () => {
  expect(new Set(entries.map(({ owner }) => owner))).toEqual(new Set(['root/root']));
  const loose = entries.filter(({ mode }) => /^.(?:.{2}s|.{5}s|.{4}w|.{7}w)|t$/.test(mode) || !/^[-d]/.test(mode));
  expect(loose).toEqual([]);
  const modes = new Map(entries.map(({ path, mode }) => [path, mode]));
  expect(modes.get('./etc/token-relay/schwab_app_config.yaml')).toBe('-rw-------');
  for (const name of ['token-refresh-sender', 'token-receiver'])
    expect(modes.get(`./usr/bin/${name}`)).toBe('-rwxr-xr-x');
});

test('it has what runs, what tells of it, and no leftovers of the build', () => {
  const paths = entries.map(({ path }) => path.slice(1));
  for (const path of [
    '/usr/lib/token-relay/node',
    ...['selfsigned', 'nats', 'axios'].map((name) => `/usr/lib/token-relay/sender/${name}.cjs`),
    ...['sender', 'receiver'].flatMap((app) => [
      `/usr/lib/token-relay/${app}/hot-shots.cjs`,
      `/usr/lib/token-relay/${app}/main.cjs`,
      `/usr/lib/token-relay/${app}/daemon.cjs`,
    ]),
    '/usr/lib/token-relay/node_modules/sd-notify/build/Release/notify.node',
    ...['token-refresh-sender.service', 'token-receiver.service', 'token-receiver.socket'].map(
      (unit) => `/usr/lib/systemd/system/${unit}`,
    ),
    '/usr/lib/sysusers.d/token-relay.conf',
    ...['sender', 'receiver', 'schwab_app_config'].map((name) => `/etc/token-relay/${name}.yaml`),
    ...['token-refresh-sender', 'token-receiver'].flatMap((name) => [
      `/usr/share/man/man1/${name}.1.gz`,
      `/usr/share/bash-completion/completions/${name}`,
      `/usr/share/zsh/vendor-completions/_${name}`,
    ]),
    ...[
      'copyright',
      'changelog.gz',
      'README.md.gz',
      'sbom.cdx.json',
      'examples/curl.sh',
      'examples/monitoring/README.md',
    ].map((name) => `/usr/share/doc/token-relay/${name}`),
  ]) {
    expect(paths).toContain(path);
  }
  expect(
    paths.filter((path) => /compile-cache|\.map$|LEGAL|\.o$|test/.test(path.replace(/rules\.test\.yml$/, ''))),
  ).toEqual([]);
});

test('every part has its licence in the package, and is in the bill of materials', () => {
  const documents = unpackedDocuments();
  const bill = billIn(documents);
  const names = bill.components.map(({ name }) => name);
  for (const name of ['axios', 'commander', 'pino', 'sd-notify', 'selfsigned', 'zod', `node-linux-${process.arch}`]) {
    expect(names).toContain(name);
  }
  const licenses = execFileSync('zcat', [join(documents, 'licenses-of-parts.txt.gz')], { encoding: 'utf8' });
  const copyright = readFileSync(join(documents, 'copyright'), 'utf8');
  for (const { name, version: partVersion } of bill.components) {
    expect(licenses).toContain(`${name} ${partVersion} (`);
    expect(copyright).toContain(`${name} ${partVersion}: `);
  }
});

test('the bill of materials lists what esbuild put into the bundles, the addon and Node, as npm sbom has them, and no more', () => {
  const bill = billIn(unpackedDocuments());
  const shipped = shippedPlaces(CHECKOUT, [`node-linux-${process.arch}`]).map((place) => {
    const { name, version: partVersion } = JSON.parse(
      readFileSync(join(CHECKOUT, place, 'package.json'), 'utf8'),
    ) as Part;
    return `${name}@${partVersion}`;
  });
  expect(bill.components.map((part) => `${part.name}@${part.version}`)).toEqual([...new Set(shipped)].sort());
  for (const part of bill.components) {
    expect(part).toMatchObject({
      purl: `pkg:npm/${part.name.replace('@', '%40')}@${part.version}`,
      licenses: [{ license: { id: expect.any(String) as string } }],
      hashes: [{ alg: 'SHA-512', content: expect.stringMatching(/^[0-9a-f]{128}$/) as string }],
    });
  }
  const own = bill.dependencies.find(({ ref }) => ref === `token-relay@${version}`);
  expect(own?.dependsOn).toEqual(bill.components.map((part) => part['bom-ref']));
  // Nothing in it is of the day or the machine that it was made on.
  expect(Object.keys(bill).sort()).toEqual(
    ['$schema', 'bomFormat', 'components', 'dependencies', 'metadata', 'specVersion', 'version'].sort(),
  );
  expect(Object.keys(bill.metadata)).toEqual(['component']);
});

test('lintian has nothing to say but what packaging/lintian-overrides explains, and nothing there is out of date', () => {
  const flags = ['--allow-root', '--tag-display-limit=0', '--display-info'];
  const { stdout, stderr, status } = spawnSync('lintian', [...flags, deb], { encoding: 'utf8' });
  // Of the infos, which are mostly about the texts in Node, those about the overrides.
  const said = stdout.split('\n').filter((line) => !/^I: (?!.*override)/.test(line));
  expect({ said: said.join('\n'), stderr, status }).toEqual({ said: '', stderr: '', status: 0 });
});
