/** Bundles each daemon into one file, which is what runs and what is deployed. */
import { chmod, readFile } from 'node:fs/promises';
import { build } from 'esbuild';
import { slimming } from './bundle-slimming.ts';

const apps = ['sender', 'receiver'] as const;
const { version } = JSON.parse(await readFile('package.json', 'utf8')) as { version: string };

for (const app of apps) {
  const outfile = `apps/${app}/bundle/main.cjs`;
  await build({
    entryPoints: [`apps/${app}/src/main.ts`],
    outfile,
    bundle: true,
    platform: 'node',
    // Not ESM: there, importing node:http runs its getters and loads the built-in fetch, which costs 16 MB and 20 ms.
    format: 'cjs',
    target: 'node22',
    conditions: ['source'],
    // A native addon cannot be bundled; it is looked up at run time.
    external: ['sd-notify'],
    plugins: [slimming],
    define: { TOKEN_RELAY_VERSION: JSON.stringify(version) },
    minifySyntax: true,
    minifyWhitespace: true,
    legalComments: 'linked',
    logLevel: 'warning',
  });
  await chmod(outfile, 0o644);
}
