/**
 * Leaves out of the bundles what the daemons load but never use. Each line is worth its place in start time or idle
 * memory, measured with `npm run bench`; without this plugin everything works the same, only heavier.
 */
import { readFile } from 'node:fs/promises';
import type { Plugin } from 'esbuild';

/** All of date-fns (250 kB) comes with pino-roll, which uses these. */
const DATE_FNS = ['format', 'addDays', 'addHours', 'parse', 'isValid'];

const replacements: Readonly<Record<string, string>> = {
  'date-fns': DATE_FNS.map((name) => `exports.${name} = require('date-fns/${name}').${name};`).join('\n'),
  // commander loads it at once, for commands that are programs of their own; we have none. 1.6 MB.
  'node:child_process': "exports.spawn = (...args) => process.getBuiltinModule('child_process').spawn(...args);",
  // axios has it at hand for requests over HTTP/2, which are off unless they are asked for. 5 MB.
  http2:
    "const http2 = () => process.getBuiltinModule('http2'); exports.connect = (...args) => http2().connect(...args); Object.defineProperty(exports, 'constants', { get: () => http2().constants });",
  // axios takes these for multipart forms and for the browser's fetch; we send one short form over node:http.
  'form-data': 'module.exports = class FormData {};',
};

export const slimming: Plugin = {
  name: 'slimming',
  setup(build) {
    build.onResolve({ filter: /^(date-fns|node:child_process|http2|form-data)$/ }, ({ path }) => ({
      path,
      namespace: 'slim',
    }));
    build.onLoad({ filter: /.*/, namespace: 'slim' }, ({ path }) => ({
      contents: replacements[path] ?? '',
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
    build.onLoad({ filter: /axios\/lib\/adapters\/fetch\.js$/ }, () => ({
      contents: 'export const getFetch = () => false; export default false;',
    }));
  },
};
