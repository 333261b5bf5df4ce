/**
 * Leaves out of the bundles what the daemons load but never use. Each line is worth its place in start time or idle
 * memory, measured with `npm run bench`; without this plugin everything works the same, only heavier.
 */
import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import type { Plugin } from 'esbuild';

/**
 * Built-in modules that are loaded only when one of their exports is used: child_process (1.6 MB; commander wants it at
 * once, for commands that are programs of their own), crypto (2 MB, 5 ms; the first fingerprint or temporary name comes
 * after the start), http2 (5 MB; axios has it at hand, for when it is asked for), readline (0.6 MB; `tokens clear` asks with it), v8 and vm (after the start).
 */
const LAZY_BUILTINS = ['child_process', 'crypto', 'http2', 'readline', 'v8', 'vm'];

const replacements = new Map([
  // pino-roll names files by the date with it; ours roll by their size alone.
  ['date-fns', 'module.exports = {};'],
  // axios takes it for multipart forms; we send one short form.
  ['form-data', 'module.exports = class FormData {};'],
  // pino's transports are threads; we have none.
  ['thread-stream', 'module.exports = class ThreadStream {};'],
  ['worker_threads', 'exports.isMainThread = true;'],
  // 0.8 MB for checks that pass.
  [
    'assert',
    `module.exports = (ok, message) => { if (!ok) process.getBuiltinModule('assert')(ok, message); };
     module.exports.equal = (...compared) => process.getBuiltinModule('assert').equal(...compared);`,
  ],
  // axios's proxy agent tells it what it does, with addresses and header fields, for whoever sets $DEBUG. Not from here.
  ['debug', 'module.exports = () => () => {};'],
  // hot-shots's Unix sockets; ours is UDP. Its addon is not built here and does not travel.
  ['unix-dgram', "throw new Error('StatsD is spoken over UDP only');"],
  // prom-client's default metrics and push gateway use these; we have neither.
  ['@opentelemetry/api', 'module.exports = {};'],
]);
for (const name of LAZY_BUILTINS) {
  const names = Object.keys(createRequire(import.meta.url)(`node:${name}`) as object);
  const lazily = `for (const name of ${JSON.stringify(names)}) {
    Object.defineProperty(exports, name, { enumerable: true, get: () => process.getBuiltinModule('${name}')[name] });
  }`;
  for (const path of [name, `node:${name}`]) replacements.set(path, lazily);
}

export const slimming: Plugin = {
  name: 'slimming',
  setup(build) {
    build.onResolve({ filter: /.*/ }, ({ path }) => (replacements.has(path) ? { path, namespace: 'slim' } : undefined));
    build.onLoad({ filter: /.*/, namespace: 'slim' }, ({ path }) => ({
      contents: replacements.get(path) ?? '',
      resolveDir: process.cwd(),
    }));
    // Looking at one of Node's fetch globals loads all of its fetch: 16 MB. axios does it to find out what a body is.
    build.onLoad({ filter: /axios\/lib\/utils\.js$/ }, async ({ path }) => {
      const source = await readFile(path, 'utf8');
      const slim = source.replaceAll('G.FormData', 'undefined');
      if (slim === source)
        throw new Error(`${path} no longer looks at G.FormData: see what it does now, and mend this plugin`);
      return { contents: slim };
    });
    // Of prom-client we use gauges, counters and the registry.
    build.onLoad({ filter: /prom-client\/lib\/(pushgateway|cluster|defaultMetrics|histogram|summary)\.js$/ }, () => ({
      contents: 'module.exports = {};',
    }));
    build.onLoad({ filter: /axios\/lib\/adapters\/fetch\.js$/ }, () => ({
      contents: 'export const getFetch = () => false; export default false;',
    }));
  },
};
