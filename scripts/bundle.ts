/** Bundles each daemon into one file, which is what runs and what is deployed, and beside it what is seldom needed. */
import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { build, type BuildOptions, type Metafile, type Plugin } from 'esbuild';
import { packagesIn, CONTENTS_FILE } from './bundle-contents.ts';
import { slimming } from './bundle-slimming.ts';

const apps = ['sender', 'receiver'] as const;
const { version } = JSON.parse(await readFile('package.json', 'utf8')) as { version: string };

const common = {
  bundle: true,
  platform: 'node',
  // Not ESM: there, importing node:http runs its getters and loads the built-in fetch, which costs 16 MB and 20 ms.
  format: 'cjs',
  target: 'node22',
  // What is imported when it is needed is required then: an import would have Node load its loader of ES modules.
  supported: { 'dynamic-import': false },
  conditions: ['source'],
  minify: true,
  legalComments: 'linked',
  metafile: true,
  logLevel: 'warning',
} as const satisfies BuildOptions;

interface Separate {
  readonly file: string;
  readonly apps: readonly (typeof apps)[number][];
  readonly plugins?: Plugin[];
}

/**
 * What few need, or nobody at the start: files of their own, which cost nothing until they are imported: for a login, a cluster, a
 * refresh, StatsD.
 */
const SEPARATE: Readonly<Record<string, Separate>> = {
  selfsigned: { file: 'selfsigned', apps: ['sender'] },
  '@token-relay/cluster/nats': { file: 'nats', apps: ['sender'] },
  axios: { file: 'axios', apps: ['sender'], plugins: [slimming] },
  'hot-shots': { file: 'hot-shots', apps, plugins: [slimming] },
};
const separately: Plugin = {
  name: 'separately',
  setup(builder) {
    for (const [name, { file }] of Object.entries(SEPARATE)) {
      builder.onResolve({ filter: new RegExp(`^${name}$`) }, () => ({ path: `./${file}.cjs`, external: true }));
    }
  },
};

/** What Node starts: V8's work on the daemon's code is kept beside it, and saves 10 ms from the second start on. */
const LOADER = `require('node:module').enableCompileCache(__dirname + '/compile-cache');
require('./daemon.cjs');
`;

const contents: Record<(typeof apps)[number], Metafile[]> = { sender: [], receiver: [] };
for (const app of apps) {
  const folder = `apps/${app}/bundle`;
  rmSync(`${folder}/compile-cache`, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
  const { metafile } = await build({
    ...common,
    entryPoints: [`apps/${app}/src/main.ts`],
    outfile: `${folder}/daemon.cjs`,
    // A native addon cannot be bundled; it is looked up at run time.
    external: ['sd-notify'],
    plugins: [slimming, separately],
    define: { TOKEN_RELAY_VERSION: JSON.stringify(version), 'performance.now': '$runningMs' },
    // A name that no module of ours has: esbuild would let a module's own take its place. The global `performance` loads all of perf_hooks: 0.5 MB.
    banner: { js: 'const $runningMs = () => { const [s, ns] = process.hrtime(); return s * 1e3 + ns / 1e6; };' },
  });
  // One character beyond Latin-1, as in a tagged template, which must stay as it is, and V8 keeps two bytes for each: 0.6 MB.
  const beyond = /[^\0-\xff].{0,40}/.exec(await readFile(`${folder}/daemon.cjs`, 'utf8'));
  if (beyond !== null) throw new Error(`${folder}/daemon.cjs is not all Latin-1: see what is around ${beyond[0]}`);
  contents[app].push(metafile);
  writeFileSync(`${folder}/main.cjs`, LOADER);
}
// One harmless run each fills the cache, so that the first real start is a quick one too.
const scratch = mkdtempSync(join(tmpdir(), 'token-relay-bundle-'));
for (const program of ['apps/sender/bin/token-refresh-sender', 'apps/receiver/bin/token-receiver']) {
  spawnSync(resolve(program), ['check'], { cwd: scratch, env: { XDG_RUNTIME_DIR: scratch }, stdio: 'ignore' });
}
rmSync(scratch, { recursive: true });
for (const [name, { file, apps: users, plugins = [] }] of Object.entries(SEPARATE)) {
  for (const app of users) {
    const separate = await build({
      ...common,
      entryPoints: [name],
      outfile: `apps/${app}/bundle/${file}.cjs`,
      plugins,
      // The client of NATS prints what it cannot say otherwise, and so does hot-shots.
      drop: ['console'],
    });
    contents[app].push(separate.metafile);
  }
}
for (const app of apps) {
  writeFileSync(`apps/${app}/bundle/${CONTENTS_FILE}`, `${JSON.stringify(packagesIn(contents[app]), undefined, 2)}\n`);
}
