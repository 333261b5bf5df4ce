/** Bundles each daemon into one file, which is what runs and what is deployed, and beside it what is seldom needed. */
import { chmod, readFile } from 'node:fs/promises';
import { build, type BuildOptions, type Plugin } from 'esbuild';
import { slimming } from './bundle-slimming.ts';

const apps = ['sender', 'receiver'] as const;
const { version } = JSON.parse(await readFile('package.json', 'utf8')) as { version: string };

const common = {
  bundle: true,
  platform: 'node',
  // Not ESM: there, importing node:http runs its getters and loads the built-in fetch, which costs 16 MB and 20 ms.
  format: 'cjs',
  target: 'node22',
  conditions: ['source'],
  minifySyntax: true,
  minifyWhitespace: true,
  legalComments: 'linked',
  logLevel: 'warning',
} as const satisfies BuildOptions;

/** 550 kB that only a login needs: a file of its own, which costs nothing until it is imported. */
const SEPARATE = 'selfsigned';
const separately: Plugin = {
  name: 'separately',
  setup(builder) {
    builder.onResolve({ filter: new RegExp(`^${SEPARATE}$`) }, () => ({ path: `./${SEPARATE}.cjs`, external: true }));
  },
};

for (const app of apps) {
  const outfile = `apps/${app}/bundle/main.cjs`;
  await build({
    ...common,
    entryPoints: [`apps/${app}/src/main.ts`],
    outfile,
    // A native addon cannot be bundled; it is looked up at run time.
    external: ['sd-notify'],
    plugins: [slimming, separately],
    define: { TOKEN_RELAY_VERSION: JSON.stringify(version) },
  });
  await chmod(outfile, 0o644);
}
await build({ ...common, entryPoints: [SEPARATE], outfile: `apps/sender/bundle/${SEPARATE}.cjs` });
